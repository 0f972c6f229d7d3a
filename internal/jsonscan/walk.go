package jsonscan

// Member holds the positions of one member of an object.
type Member struct {
	Key        int  // the key's opening quote
	KeyEnd     int  // after the key's closing quote
	KeyEscaped bool // whether there are escapes in the key
	Value      int  // the value's first byte, which shows its type
	End        int  // after the value
	Escaped    bool // whether the value is a string with escapes
}

// Object walks the members of one object in their order. Repeated names are all
// members. It checks what it has walked, no more: the object is valid only if the walk ends
// and Err is nil.
type Object[T Text] struct {
	text  T
	end   int // after what has been read
	depth int
	begun bool
	err   error

	index QuoteIndex
	quote int // the first in index that may lie ahead
}

// ReadObject begins the walk of the object whose brace is s[i]. Depth is the number of
// objects and arrays that are open around it.
func ReadObject[T Text](s T, i, depth int) (Object[T], error) {
	if i >= len(s) || s[i] != '{' {
		return Object[T]{}, syntax(i, "want an object")
	}
	if depth >= MaxDepth {
		return Object[T]{}, syntax(i, "nested too deeply")
	}
	return Object[T]{text: s, end: i + 1, depth: depth + 1}, nil
}

// SetQuotes gives the walk the index of its text, or an empty one. With it the walk
// jumps over strings. Call it before the first Next or NextKey, and only where no
// string stands before the object.
func (o *Object[T]) SetQuotes(index QuoteIndex) { o.index = index }

// NextKey reads up to the next member's value and sets Key, KeyEnd, KeyEscaped and Value.
// The caller then reads the value and passes its end to Skip. It returns false at the
// closing brace and on an error, which Err returns.
func (o *Object[T]) NextKey(m *Member) bool {
	s := o.text
	i := SkipSpace(s, o.end)
	if i < len(s) && s[i] == '}' {
		o.end = i + 1
		return false
	}
	if o.begun {
		if i >= len(s) || s[i] != ',' {
			return o.fail(i, "want a comma or the end of the object")
		}
		i = SkipSpace(s, i+1)
	}
	o.begun = true
	if i >= len(s) || s[i] != '"' {
		return o.fail(i, "want a key")
	}
	m.Key = i
	var err error
	if m.KeyEnd, m.KeyEscaped, err = o.skipString(i); err != nil {
		o.end, o.err = m.KeyEnd, err
		return false
	}
	i = SkipSpace(s, m.KeyEnd)
	if i >= len(s) || s[i] != ':' {
		return o.fail(i, "want a colon")
	}
	m.Value = SkipSpace(s, i+1)
	return true
}

// Skip continues the walk at end, the index after the value of the last NextKey.
func (o *Object[T]) Skip(end int) { o.end = end }

// Next reads the next member with its value and sets all fields of m. It returns false at
// the closing brace and on an error, which Err returns.
func (o *Object[T]) Next(m *Member) bool {
	if len(o.index) > 0 && o.jump(m) {
		return true
	}
	if !o.NextKey(m) {
		return false
	}
	if m.Value < len(o.text) && o.text[m.Value] == '"' {
		m.End, m.Escaped, o.err = o.skipString(m.Value)
	} else {
		m.Escaped = false
		m.End, o.err = SkipValue(o.text, m.Value, o.depth)
	}
	o.end = m.End
	return o.err == nil
}

// End returns the index after the closing brace once the walk is over, or the place of
// the error.
func (o *Object[T]) End() int { return o.end }

// Err returns the error that ended the walk, or nil.
func (o *Object[T]) Err() error { return o.err }

func (o *Object[T]) fail(i int, want string) bool {
	o.end, o.err = i, syntax(i, want)
	return false
}

// Array walks the elements of one array.
type Array[T Text] struct {
	text  T
	end   int
	begun bool
	err   error
}

// ReadArray begins the walk of the array whose bracket is s[i]. Depth is the number of
// objects and arrays that are open around it.
func ReadArray[T Text](s T, i, depth int) (Array[T], error) {
	if i >= len(s) || s[i] != '[' {
		return Array[T]{}, syntax(i, "want an array")
	}
	if depth >= MaxDepth {
		return Array[T]{}, syntax(i, "nested too deeply")
	}
	return Array[T]{text: s, end: i + 1}, nil
}

// Next returns the start of the next element. The caller then reads the element and passes
// its end to Skip. It returns false at the closing bracket and on an error, which Err
// returns.
func (a *Array[T]) Next() (start int, more bool) {
	i := SkipSpace(a.text, a.end)
	if i < len(a.text) && a.text[i] == ']' {
		a.end = i + 1
		return i, false
	}
	if a.begun {
		if i >= len(a.text) || a.text[i] != ',' {
			a.end, a.err = i, syntax(i, "want a comma or the end of the array")
			return i, false
		}
		i = SkipSpace(a.text, i+1)
	}
	a.begun = true
	return i, true
}

// Skip continues the walk at end, the index after the element of the last Next.
func (a *Array[T]) Skip(end int) { a.end = end }

// End returns the index after the closing bracket once the walk is over, or the place of
// the error.
func (a *Array[T]) End() int { return a.end }

// Err returns the error that ended the walk, or nil.
func (a *Array[T]) Err() error { return a.err }
