package native

import (
	"errors"
	"fmt"
)

// ErrNotFinite says that an argument holds a number that is not finite.
var ErrNotFinite = errors.New("an argument is not finite")

// ErrMemory says that working memory cannot be had.
var ErrMemory = errors.New("not enough memory")

// PanicError is a defect of this tier: a panic, caught.
type PanicError struct{ Message string }

func (e *PanicError) Error() string { return e.Message }

// Contained runs body; a panic in it becomes a PanicError.
func Contained(body func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &PanicError{fmt.Sprint(cause)}
		}
	}()
	return body()
}

// Provoke panics, in a helper if asked: the tests see what becomes of it.
func Provoke(helper bool) error {
	if !helper {
		panic("provoked")
	}
	began := make(chan struct{})
	crowd.until.Store(0)
	assisted(1, func(int) { close(began); panic("provoked") }, func() { <-began })
	return nil
}
