package native

import (
	"math"
	"sort"
)

// FirstEvent as the start of a window is the time of the first event, or 0 without one; no window starts there.
const FirstEvent = math.MaxUint64

// Events are spikes, and the window in which they count. Polarities are of 8 bits or of 64, or not looked at.
type Events struct {
	Address       []int64
	Times         []uint64
	Bytes         []int8
	Words         []int64
	Window, Start uint64
}

// open checks the window and the order of the times, and returns where the window begins and ends.
func (e *Events) open() (from, to int, err error) {
	if e.Start == FirstEvent {
		e.Start = 0
		if len(e.Times) > 0 {
			e.Start = e.Times[0]
		}
	}
	if e.Start > math.MaxUint64-e.Window {
		return 0, 0, refused("window_ns", "at most 18446744073709551615 - start", "%d after a start of %d", e.Window, e.Start)
	}
	if !ordered(e.Times) {
		return 0, 0, e.disorder()
	}
	end := e.Start + e.Window
	from = sort.Search(len(e.Times), func(i int) bool { return e.Times[i] >= e.Start })
	to = sort.Search(len(e.Times), func(i int) bool { return e.Times[i] >= end })
	return from, max(from, to), nil
}

// ordered says whether no time is before the one before it; without a branch for each.
func ordered(times []uint64) bool {
	if len(times) == 0 {
		return true
	}
	last := times[0]
	if (last|times[len(times)-1])>>63 == 0 {
		return current.falls(times)>>63 == 0
	}
	for _, time := range times {
		if time < last {
			return false
		}
		last = time
	}
	return true
}

// plainFalls sets the top bit if a time has it, or is before the one before it: the difference then has it.
func plainFalls(times []uint64) (falls uint64) {
	last := times[0]
	for _, time := range times {
		falls |= time | (time - last)
		last = time
	}
	return falls
}

func (e *Events) disorder() error {
	for i := 1; i < len(e.Times); i++ {
		if e.Times[i] < e.Times[i-1] {
			return refused("t_ns", "non-decreasing", "%d after %d at index %d", e.Times[i], e.Times[i-1], i)
		}
	}
	return refused("t_ns", "non-decreasing", "a change during the call")
}

// unsigned says whether a polarity is neither +1 nor -1: of these, and of nothing else, one more is 2 or 0.
func unsigned[T int8 | int64](polarity []T) bool {
	odd := T(0)
	for _, sign := range polarity {
		odd |= (sign + 1) &^ 2
	}
	return odd != 0
}

func wrongSign[T int8 | int64](polarity []T) error {
	for i, sign := range polarity {
		if sign != 1 && sign != -1 {
			return refused("polarity", "+1 or -1", "%d at index %d", sign, i)
		}
	}
	return refused("polarity", "+1 or -1", "a change during the call")
}

// stray returns the error for an address inside the window that is no channel.
func (e *Events) stray(at, channels int) error {
	return refused("address", "between 0 and "+decimal(channels-1), "%d at index %d", e.Address[at], at)
}

// DecodeRate writes the signed spike rate of every channel: a running sum of rounded addends, in the order of events.
func DecodeRate(e *Events, rates []float64) error {
	from, to, err := e.open()
	if err != nil {
		return err
	}
	clear(rates)
	weight := 1 / float64(e.Window)
	if e.Bytes != nil {
		return addRates(e, e.Bytes, current.unsigned(e.Bytes), from, to, weight, rates)
	}
	return addRates(e, e.Words, unsigned(e.Words), from, to, weight, rates)
}

func addRates[T int8 | int64](
	e *Events, polarity []T, wrong bool, from, to int, weight float64, rates []float64,
) error {
	if wrong {
		return wrongSign(polarity)
	}
	signs := polarity[from:to]
	weights := [2]float64{-weight, weight}
	for i, address := range e.Address[from:to][:len(signs)] {
		if uint64(address) >= uint64(len(rates)) {
			return e.stray(from+i, len(rates))
		}
		rates[address] += weights[(signs[i]+1)>>1&1]
	}
	return nil
}

// DecodeTemporal writes 1 less the part of the window before each channel's first event, 0 for channels without one.
func DecodeTemporal(e *Events, values []float64) error {
	from, to, err := e.open()
	if err != nil {
		return err
	}
	window := float64(e.Window)
	for i := range values {
		values[i] = -1
	}
	for i, address := range e.Address[from:to] {
		if uint64(address) >= uint64(len(values)) {
			return e.stray(from+i, len(values))
		}
		if values[address] < 0 {
			values[address] = 1 - float64(e.Times[from+i]-e.Start)/window
		}
	}
	for i, value := range values {
		values[i] = max(value, 0)
	}
	return nil
}

// DecodeISI writes the inverse mean interval between each channel's events, 0 where there is none.
func DecodeISI(e *Events, values []float64) error {
	from, to, err := e.open()
	if err != nil {
		return err
	}
	memory, err := Obtain(3 * len(values))
	if err != nil {
		return err
	}
	defer memory.Release()
	n := len(values)
	counts, first, last := words(memory.Take(n)), words(memory.Take(n)), words(memory.Take(n))
	clear(counts)
	for i, address := range e.Address[from:to] {
		if uint64(address) >= uint64(n) {
			return e.stray(from+i, n)
		}
		if counts[address] == 0 {
			first[address] = e.Times[from+i]
		}
		counts[address]++
		last[address] = e.Times[from+i]
	}
	for i, count := range counts {
		values[i] = 0
		if count > 1 && last[i] > first[i] {
			values[i] = float64(count-1) / float64(last[i]-first[i])
		}
	}
	return nil
}
