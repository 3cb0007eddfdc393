package main

// #include "boundary.h"
import "C"

import (
	"sync"
	"sync/atomic"
	"time"

	native "polytier.org/tier-go"
)

// patience is how long a caller waits for a run before it looks at what else it is asked to do.
const patience = 50 * time.Millisecond

// run is work that its caller waits for bit by bit, and may stop.
type run struct {
	stopped atomic.Bool
	ended   chan error
}

var (
	runs   sync.Map
	ticket atomic.Int64
)

// supervised runs body; where the caller gives a place for a ticket it need not wait until the end.
func supervised(place *C.int64_t, body func(goOn func() bool) error) C.int32_t {
	if place == nil {
		return status(func() error { return body(func() bool { return true }) })
	}
	r, number := &run{ended: make(chan error, 1)}, ticket.Add(1)
	runs.Store(number, r)
	*place = C.int64_t(number)
	go func() {
		r.ended <- native.Contained(func() error { return body(func() bool { return !r.stopped.Load() }) })
	}()
	return polytierGoWait(C.int64_t(number))
}

//export polytierGoWait
func polytierGoWait(number C.int64_t) C.int32_t {
	found, running := runs.Load(int64(number))
	if !running {
		return C.POLYTIER_GO_STOPPED
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-found.(*run).ended:
		runs.Delete(int64(number))
		return told(err)
	case <-timer.C:
		return C.POLYTIER_GO_RUNNING
	}
}

//export polytierGoStop
func polytierGoStop(number C.int64_t) {
	if found, running := runs.LoadAndDelete(int64(number)); running {
		found.(*run).stopped.Store(true)
		<-found.(*run).ended
	}
}
