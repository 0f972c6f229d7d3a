package httpsend

// kept is what is used again. A sync.Pool forgets at garbage collections, of
// which there are many between two pushes where events come one by one.
type kept[T any] chan *T

// maxKept bounds what is kept, at most a payload each. Where more pushes are under
// way, as after an outage, the others make their own.
const maxKept = 4

// maxKeptBytes is up to which size a body is kept: that of a single huge record
// would else pin its memory.
const maxKeptBytes = 8 << 20

func (k kept[T]) get() *T {
	select {
	case x := <-k:
		return x
	default:
		return new(T)
	}
}

func (k kept[T]) put(x *T) {
	select {
	case k <- x:
	default:
	}
}
