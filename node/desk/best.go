package desk

import (
	"container/heap"
	"slices"
)

// best keeps the first so many of what it is given, in an order, and counts all
// of it. So what is shown is in memory, and not all that was found.
type best[T any] struct {
	limit int // 0 keeps all
	less  func(a, b T) int
	list  []T // with a limit, a heap with the last of them on top
	total int
}

func newBest[T any](limit int, order func(a, b T) int) *best[T] {
	return &best[T]{limit: limit, less: order}
}

func (b *best[T]) add(x T) {
	b.total++
	switch {
	case b.limit == 0:
		b.list = append(b.list, x)
	case len(b.list) < b.limit:
		heap.Push(b, x)
	case b.less(x, b.list[0]) < 0:
		b.list[0] = x
		heap.Fix(b, 0)
	}
}

// sorted returns what was kept, first things first.
func (b *best[T]) sorted() []T {
	slices.SortStableFunc(b.list, b.less)
	return b.list
}

// Len, Less, Swap, Push and Pop make it a [heap.Interface].

func (b *best[T]) Len() int           { return len(b.list) }
func (b *best[T]) Less(i, j int) bool { return b.less(b.list[i], b.list[j]) > 0 }
func (b *best[T]) Swap(i, j int)      { b.list[i], b.list[j] = b.list[j], b.list[i] }
func (b *best[T]) Push(x any)         { b.list = append(b.list, x.(T)) }
func (b *best[T]) Pop() any {
	last := b.list[len(b.list)-1]
	b.list = b.list[:len(b.list)-1]
	return last
}
