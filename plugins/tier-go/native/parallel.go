package native

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

const (
	// mostThreads compute unless somebody asks for more, the calling one included.
	mostThreads = 8
	// patience is the number of looks after which who is waited for counts as late: about 50 us.
	patience = 20000
	// alone is how long calls compute alone after a helper was late, doubled each time up to 2^7 times: on a crowded
	// machine every wait is one for the scheduler. A time and not a number of calls: a call may take seconds.
	alone = 2 * time.Millisecond
)

// crowd remembers, over calls, that helpers were late.
var crowd struct {
	late  atomic.Int32
	until atomic.Int64
}

var born = time.Now()

// crowded says whether helpers were late lately.
func crowded() bool {
	until := crowd.until.Load()
	return until > 0 && int64(time.Since(born)) < until
}

// judge notes whether helpers were in time.
func judge(inTime bool) {
	late := crowd.late.Load()
	if inTime {
		crowd.late.Store(max(late-1, 0))
		return
	}
	crowd.late.Store(min(late+1, 7))
	crowd.until.Store(int64(time.Since(born) + alone<<late))
}

var threads atomic.Int64

// Threads returns how many threads may compute, the calling one included.
func Threads() int {
	if n := int(threads.Load()); n > 0 {
		return n
	}
	return min(mostThreads, runtime.GOMAXPROCS(0))
}

// SetThreads sets how many threads may compute; 0 asks for the CPUs of the process, at most eight.
func SetThreads(n int) {
	threads.Store(int64(n))
	if n > runtime.GOMAXPROCS(0) {
		runtime.GOMAXPROCS(n)
	}
}

// closed is set in a job's state when nobody may join any more; the bits below count the helpers at work.
const closed = 1 << 32

// job is work that helpers may join while its leader is at it.
type job struct {
	state  atomic.Int64
	broken atomic.Pointer[string]
}

// assisted runs lead here while up to helpers goroutines run help; it returns when all who began have ended.
//
// A helper that begins after lead has ended finds the job closed and touches nothing: lead must be able to finish
// alone. A panic in a helper is raised here.
func assisted(helpers int, help func(index int), lead func()) {
	if helpers <= 0 || crowded() {
		lead()
		return
	}
	j := new(job)
	for index := 1; index <= helpers; index++ {
		go j.serve(index, help)
	}
	defer j.close()
	lead()
}

func (j *job) serve(index int, help func(int)) {
	if j.state.Add(1) >= closed {
		j.state.Add(-1)
		return
	}
	defer func() {
		if cause := recover(); cause != nil {
			j.fail(cause)
		}
		j.state.Add(-1)
	}()
	help(index)
}

func (j *job) fail(cause any) {
	message := fmt.Sprint(cause)
	j.broken.CompareAndSwap(nil, &message)
}

// close ends a job, in a panic too.
func (j *job) close() {
	j.state.Add(closed)
	judge(wait(func() bool { return j.state.Load() == closed }))
	if message := j.broken.Load(); message != nil {
		panic("in a helper: " + *message)
	}
}

// wait spins until ready, then lets others run; it returns whether it was soon.
func wait(ready func() bool) bool {
	for i := 0; i < patience; i++ {
		if ready() {
			return true
		}
	}
	for !ready() {
		runtime.Gosched()
	}
	return false
}

const (
	// stop is published when there are no more rounds.
	stop = -1
	// teamBits of a ticket hold the size of the team.
	teamBits = 16
)

// crew is what the threads of one run share.
type crew struct {
	share func(round, index, of int)
	// ticket is the round to work on, plus one, and the size of its team.
	ticket       atomic.Int64
	joined, done atomic.Int64
	broken       atomic.Bool
}

// lockstep runs share for every round and part; no round begins before the one before it has ended everywhere.
//
// settle runs here after each round, beside the next one. A helper joins at the first round that begins after it has
// woken up.
func lockstep(rounds, most int, share func(round, index, of int), settle func(round int)) {
	c := &crew{share: share}
	assisted(most-1, func(int) { c.follow() }, func() {
		defer c.ticket.Store(stop)
		c.lead(rounds, settle)
	})
}

func (c *crew) lead(rounds int, settle func(int)) {
	expected := int64(0)
	if rounds == 0 {
		return
	}
	of := c.publish(0)
	for round := 0; ; round++ {
		c.share(round, 0, of)
		expected += int64(of - 1)
		if !wait(func() bool { return c.done.Load() >= expected || c.broken.Load() }) {
			judge(false)
		}
		if c.broken.Load() {
			return
		}
		if round+1 == rounds {
			settle(round)
			return
		}
		of = c.publish(round + 1)
		settle(round)
	}
}

// publish opens a round, to all who have joined unless they were late lately, and returns the size of its team.
func (c *crew) publish(round int) int {
	team := 1
	if !crowded() {
		team += int(c.joined.Load())
	}
	c.ticket.Store(int64(round+1)<<teamBits | int64(team))
	return team
}

// follow takes part in the rounds until they stop.
func (c *crew) follow() {
	good := false
	defer func() {
		if !good {
			c.broken.Store(true)
		}
	}()
	index := int(c.joined.Add(1))
	for seen := int64(0); ; {
		wait(func() bool { return c.ticket.Load() != seen })
		if seen = c.ticket.Load(); seen == stop {
			good = true
			return
		}
		if of := int(seen & (1<<teamBits - 1)); index < of {
			c.share(int(seen>>teamBits)-1, index, of)
			c.done.Add(1)
		}
	}
}
