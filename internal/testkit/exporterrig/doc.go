// Package exporterrig runs an exporter in a test, and has the tests that every exporter that sends by
// httpsend must pass.
//
//	rig := exporterrig.Start(t, NewFactory(), exporterrig.Config[*Config](t, NewFactory(), url))
//	require.NoError(t, rig.ConsumeLogs(t.Context(), logs))
//	rig.Stop()
//	require.Equal(t, 3, rig.Count("delivered_events"))
//
// CheckAnswers pins what the exporter does with each status code, CheckConsumeContract what the
// collector asks of every exporter.
package exporterrig
