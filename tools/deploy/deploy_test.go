package deploy

import (
	"testing"

	_ "github.com/compose-spec/compose-go/v2/loader"
	_ "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	_ "sigs.k8s.io/kubectl-validate/pkg/openapiclient"
	_ "sigs.k8s.io/kubectl-validate/pkg/validator"
	_ "sigs.k8s.io/kustomize/api/krusty"
	_ "sigs.k8s.io/kustomize/kyaml/filesys"
	_ "github.com/stretchr/testify/require"
)

func TestX(t *testing.T) {}
