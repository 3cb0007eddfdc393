package native

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrNotFinite says that an argument holds a number that is not finite.
var ErrNotFinite = errors.New("an argument is not finite")

// ErrMemory says that working memory cannot be had.
var ErrMemory = errors.New("not enough memory")

// ErrStopped says that a run was ended before it was complete.
var ErrStopped = errors.New("the call was ended before it was complete")

// RefusalError says which value is wrong, in the words of polytier's own checks.
type RefusalError struct{ Found, Hint string }

func (e *RefusalError) Error() string { return e.Found + "\nhint: " + e.Hint }

// refused returns the error for an argument whose value a kernel refuses.
func refused(argument, wanted, format string, found ...any) error {
	return &RefusalError{
		fmt.Sprintf("argument '%s' must be %s: found %s", argument, wanted, fmt.Sprintf(format, found...)),
		fmt.Sprintf("pass %s as %s", argument, wanted),
	}
}

// infinite returns the error for a result that finite arguments take beyond float64.
func infinite(result, format string, found ...any) error {
	return &RefusalError{
		fmt.Sprintf("%s must be finite: found %s", result, fmt.Sprintf(format, found...)),
		"pass arguments of smaller magnitude",
	}
}

// tooLarge is as infinite, of a result of which nobody asks where.
func tooLarge(result string) error { return infinite(result, "a value beyond float64") }

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

func decimal(number int) string { return strconv.Itoa(number) }
