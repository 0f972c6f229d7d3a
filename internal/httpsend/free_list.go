package httpsend

// freeList keeps values for their next use. A sync.Pool forgets them at garbage
// collections, and there are many between two pushes where events come one by one.
type freeList[T any] chan *T

// maxFree bounds a list, whose values hold at most a payload each. Where more pushes
// are under way, as after an outage, the others make their own.
const maxFree = 4

// maxRoom is the most memory of a value on a list, in bytes: a single huge record
// must not pin its memory.
const maxRoom = 8 << 20

func (l freeList[T]) get() *T {
	select {
	case x := <-l:
		return x
	default:
		return new(T)
	}
}

// put keeps x, whose memory has room for so many bytes.
func (l freeList[T]) put(x *T, room int) {
	if room > maxRoom {
		return
	}
	select {
	case l <- x:
	default:
	}
}
