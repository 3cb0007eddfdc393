// The c-shared library: what boundary.c calls once it knows where the numbers lie.
package main

// #include "boundary.h"
import "C"

import (
	"errors"
	"math"
	"time"
	"unsafe"

	native "polytier.org/tier-go"
)

func main() {}

// say notes what went wrong for the thread that is here, which asks for it next.
func say(text string) {
	C.polytier_go_say((*C.char)(unsafe.Pointer(unsafe.StringData(text))), C.int64_t(len(text)))
}

// status runs body and returns how it ended; a panic never leaves Go, where it would end the process.
func status(body func() error) C.int32_t { return told(native.Contained(body)) }

// told returns the status of an error, and notes its words.
func told(err error) C.int32_t {
	var defect *native.PanicError
	var refusal *native.RefusalError
	switch {
	case err == nil:
		return C.POLYTIER_GO_OK
	case errors.As(err, &defect):
		say(defect.Message)
		return C.POLYTIER_GO_PANIC
	case errors.As(err, &refusal):
		say(refusal.Error())
		return C.POLYTIER_GO_BAD_VALUE
	case errors.Is(err, native.ErrMemory):
		return C.POLYTIER_GO_MEMORY
	case errors.Is(err, native.ErrStopped):
		return C.POLYTIER_GO_STOPPED
	default:
		return C.POLYTIER_GO_NOT_FINITE
	}
}

// slice returns the values of an array that the caller keeps in place; of one that is absent, none.
func slice(values C.polytier_go_values) []float64 {
	return unsafe.Slice((*float64)(unsafe.Pointer(values.start)), int(values.length))
}

//export polytierGoStart
func polytierGoStart(level *C.char, threads C.int64_t) C.int32_t {
	native.SetThreads(int(threads))
	if native.SetLevel(C.GoString(level)) != nil {
		return C.POLYTIER_GO_REFUSED
	}
	return C.POLYTIER_GO_OK
}

//export polytierGoText
func polytierGoText(which C.int32_t, to *C.char, room C.int64_t) {
	text := ""
	switch which {
	case C.POLYTIER_GO_DIGEST:
		text = native.Digest
	case C.POLYTIER_GO_LEVEL:
		text = native.Level()
	case C.POLYTIER_GO_MESSAGE:
		text = C.GoString(C.polytier_go_said())
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(to)), int(room))
	bytes[copy(bytes[:len(bytes)-1], text)] = 0
}

//export polytierGoOrderParameter
func polytierGoOrderParameter(theta C.polytier_go_values) (answer C.double) {
	defer func() {
		if recover() != nil {
			answer = C.double(math.NaN())
		}
	}()
	order, err := native.OrderParameter(slice(theta))
	if err != nil {
		return C.double(math.NaN())
	}
	return C.double(order)
}

//export polytierGoBareSeconds
func polytierGoBareSeconds(theta C.polytier_go_values, calls C.int64_t) (seconds C.double) {
	defer func() {
		if recover() != nil {
			seconds = C.double(math.NaN())
		}
	}()
	start := time.Now()
	for range int64(calls) {
		if _, err := native.OrderParameter(slice(theta)); err != nil {
			return C.double(math.NaN())
		}
	}
	return C.double(time.Since(start).Seconds() / float64(calls))
}

//export polytierGoMeanPhase
func polytierGoMeanPhase(theta C.polytier_go_values) (answer C.double) {
	defer func() {
		if recover() != nil {
			answer = C.double(math.NaN())
		}
	}()
	phase, err := native.MeanPhase(slice(theta))
	if err != nil {
		return C.double(math.NaN())
	}
	return C.double(phase)
}

//export polytierGoMeanField
func polytierGoMeanField(theta, answer C.polytier_go_values) C.int32_t {
	return status(func() (err error) {
		to := slice(answer)
		if to[0], err = native.OrderParameter(slice(theta)); err == nil {
			to[1], err = native.MeanPhase(slice(theta))
		}
		return err
	})
}

//export polytierGoBuildKnm
func polytierGoBuildKnm(n C.int64_t, base, decay C.double, template C.polytier_go_values) C.int32_t {
	return status(func() error {
		return native.BuildKnm(int(n), float64(base), float64(decay), slice(template))
	})
}

//export polytierGoNetworkedForce
func polytierGoNetworkedForce(theta, coupling, forces C.polytier_go_values) C.int32_t {
	return status(func() error {
		return native.NetworkedForce(slice(theta), slice(coupling), slice(forces))
	})
}

//export polytierGoIntegrate
func polytierGoIntegrate(task *C.polytier_go_task) C.int32_t {
	return status(func() error {
		return native.Integrate(&native.Task{
			Method: native.Method(task.method),
			Theta:  slice(task.theta), Omega: slice(task.omega), Coupling: slice(task.coupling),
			DT: float64(task.dt), First: int(task.first), Steps: int(task.steps),
			Last: slice(task.last), Path: slice(task.path), Order: slice(task.order), Times: slice(task.times),
		})
	})
}

//export polytierGoPart
func polytierGoPart(method C.int32_t, n C.int64_t) C.int64_t {
	return C.int64_t(native.Part(native.Method(method), int(n)))
}

//export polytierGoPanic
func polytierGoPanic(helper C.int32_t) C.int32_t {
	return status(func() error { return native.Provoke(helper != 0) })
}
