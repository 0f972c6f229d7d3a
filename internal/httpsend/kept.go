package httpsend

// kept is what is used again. A sync.Pool forgets at garbage collections, of
// which there are many between two pushes where events come one by one.
type kept[T any] chan *T

// maxKept bounds what is kept, at most a payload each. Where more pushes are under
// way, as after an outage, the others make their own.
const maxKept = 4

// maxRoom bounds the room of each, in bytes: a single huge record must not pin its
// memory.
const maxRoom = 8 << 20

func (k kept[T]) get() *T {
	select {
	case x := <-k:
		return x
	default:
		return new(T)
	}
}

// put keeps x, which has room for so many bytes.
func (k kept[T]) put(x *T, room int) {
	if room > maxRoom {
		return
	}
	select {
	case k <- x:
	default:
	}
}
