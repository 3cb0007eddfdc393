package native

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestEveryRoundIsDoneOnceAndInOrder(t *testing.T) {
	for most := 1; most < 5; most++ {
		crowd.until.Store(0)
		var lock sync.Mutex
		var marks [][2]int
		settled := 0
		lockstep(300, most, func(round, index, of int) {
			lock.Lock()
			defer lock.Unlock()
			for item := 10 * index / of; item < 10*(index+1)/of; item++ {
				marks = append(marks, [2]int{round, item})
			}
		}, func(round int) {
			if round != settled {
				t.Errorf("settled %d, wanted %d", round, settled)
			}
			settled++
		})
		seen := map[[2]int]bool{}
		for i, mark := range marks {
			if seen[mark] || i > 0 && mark[0] < marks[i-1][0] {
				t.Fatalf("round and item %v twice or late", mark)
			}
			seen[mark] = true
		}
		if len(seen) != 3000 || settled != 300 {
			t.Fatalf("%d items, %d rounds", len(seen), settled)
		}
	}
}

func TestNoRoundsAreNone(t *testing.T) {
	lockstep(0, 2, func(int, int, int) { t.Error("shared") }, func(int) { t.Error("settled") })
}

func TestHelpersJoin(t *testing.T) {
	for attempt := 0; ; attempt++ {
		crowd.until.Store(0)
		var helped atomic.Bool
		lockstep(2000, 2, func(_, index, _ int) {
			if index == 1 {
				helped.Store(true)
			}
			time.Sleep(time.Microsecond)
		}, func(int) {})
		if helped.Load() {
			return
		}
		if attempt == 50 {
			t.Fatal("in 50 runs no helper joined")
		}
	}
}

func TestAPanicInALeaderAndInAHelperIsAnError(t *testing.T) {
	for _, helper := range []bool{false, true} {
		var defect *PanicError
		if err := Contained(func() error { return Provoke(helper) }); !errors.As(err, &defect) {
			t.Fatalf("helper %v: %v", helper, err)
		}
	}
	crowd.until.Store(0)
	err := Contained(func() error {
		// A helper may never wake up in time: the leader then fails alone at the end.
		lockstep(1<<20, 2, func(round, index, _ int) {
			if index == 1 || round == 1<<20-1 {
				panic("as asked")
			}
		}, func(int) {})
		return nil
	})
	if err == nil {
		t.Fatal("no panic came through")
	}
	if err = Contained(func() error { return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestALateHelperLeavesCallsAloneForAWhile(t *testing.T) {
	crowd.late.Store(0)
	crowd.until.Store(0)
	judge(false)
	if !crowded() || crowd.late.Load() != 1 {
		t.Fatal("not noted")
	}
	time.Sleep(alone + time.Millisecond)
	judge(true)
	if crowded() || crowd.late.Load() != 0 {
		t.Fatal("not forgotten")
	}
}

func TestMemoryThatCannotBeHadIsAnError(t *testing.T) {
	for _, n := range []int{1 << 55, math.MaxInt} {
		if _, err := Obtain(n); !errors.Is(err, ErrMemory) {
			t.Fatalf("%d values: %v", n, err)
		}
	}
	for _, n := range []int{0, 1, pooled, pooled + 1, 1 << 20} {
		memory, err := Obtain(n)
		if err != nil {
			t.Fatal(err)
		}
		values := memory.Take(n)
		for i := range values {
			values[i] = 1
		}
		memory.Release()
	}
}

func TestLevelsAndThreadsCanBeChosen(t *testing.T) {
	defer func() { _ = SetLevel("") }()
	for _, one := range levels {
		if err := SetLevel(one.name); err != nil || Level() != one.name {
			t.Fatal(one.name, err)
		}
	}
	if SetLevel("sse9") == nil {
		t.Fatal("an unknown level is taken")
	}
	defer SetThreads(0)
	SetThreads(3)
	if Threads() != 3 {
		t.Fatal(Threads())
	}
}
