package native

import (
	"math"
	"sync"
	"syscall"
	"unsafe"
)

// pooled is the number of values up to which working memory is kept for the next call.
const pooled = 1 << 16

var pool = sync.Pool{New: func() any { return new([pooled]float64) }}

// Workspace is working memory that fails as an error: Go's own heap would end the process.
type Workspace struct {
	values []float64
	kept   *[pooled]float64
	mapped []byte
}

// Obtain returns working memory for n values, which hold whatever they hold.
func Obtain(n int) (Workspace, error) {
	if n <= pooled {
		kept := pool.Get().(*[pooled]float64)
		return Workspace{values: kept[:n], kept: kept}, nil
	}
	if n > math.MaxInt/8 {
		return Workspace{}, ErrMemory
	}
	const access, private = syscall.PROT_READ | syscall.PROT_WRITE, syscall.MAP_ANON | syscall.MAP_PRIVATE
	mapped, err := syscall.Mmap(-1, 0, 8*n, access, private)
	if err != nil {
		return Workspace{}, ErrMemory
	}
	start := (*float64)(unsafe.Pointer(unsafe.SliceData(mapped)))
	return Workspace{values: unsafe.Slice(start, n), mapped: mapped}, nil
}

// Take cuts n values off.
func (w *Workspace) Take(n int) []float64 {
	values := w.values[:n:n]
	w.values = w.values[n:]
	return values
}

// Release gives the memory back.
func (w *Workspace) Release() {
	if w.kept != nil {
		pool.Put(w.kept)
	} else if w.mapped != nil {
		// The mapping is ours and whole: there is nothing that could fail, and nothing to do if it did.
		_ = syscall.Munmap(w.mapped)
	}
}

// words returns the same memory as unsigned integers.
func words(values []float64) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(values))), len(values))
}

// complexes returns the same memory as complex numbers.
func complexes(values []float64) []complex128 {
	return unsafe.Slice((*complex128)(unsafe.Pointer(unsafe.SliceData(values))), len(values)/2)
}
