package native

import (
	"errors"
	"math"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

func spikes(count, channels int) *Events {
	random := rand.New(rand.NewSource(int64(count + channels)))
	e := &Events{Window: uint64(10*count + 1)}
	now := uint64(1000)
	for i := 0; i < count; i++ {
		now += uint64(random.Intn(20))
		e.Times = append(e.Times, now)
		e.Address = append(e.Address, int64(random.Intn(channels)))
		e.Bytes = append(e.Bytes, int8(2*random.Intn(2)-1))
		e.Words = append(e.Words, int64(e.Bytes[i]))
	}
	return e
}

// plainDecode is the definition of the three decoders.
func plainDecode(e *Events, channels int) (rate, first, interval []float64) {
	rate, first, interval = make([]float64, channels), make([]float64, channels), make([]float64, channels)
	for channel := range rate {
		var times []uint64
		for i, time := range e.Times {
			if e.Address[i] == int64(channel) && time >= e.Start && time < e.Start+e.Window {
				rate[channel] += float64(e.Words[i]) / float64(e.Window)
				times = append(times, time)
			}
		}
		if len(times) > 0 {
			first[channel] = 1 - float64(times[0]-e.Start)/float64(e.Window)
			if last := times[len(times)-1]; last > times[0] {
				interval[channel] = float64(len(times)-1) / float64(last-times[0])
			}
		}
	}
	return rate, first, interval
}

func TestDecodersAreThoseOfTheDefinition(t *testing.T) {
	for _, count := range []int{0, 1, 2, 3, 7, 256, 1001, 70_000} {
		for _, channels := range []int{1, 2, 16, 37} {
			for _, start := range []uint64{0, 1000, 1000 + uint64(count), 1000 + 5*uint64(count), FirstEvent, math.MaxUint64 - 1<<24} {
				e := spikes(count, channels)
				narrow, wide := *e, *e
				narrow.Words, wide.Bytes = nil, nil
				narrow.Start, wide.Start, e.Start = start, start, start
				if start == FirstEvent {
					e.Start = 0
					if count > 0 {
						e.Start = e.Times[0]
					}
				}
				rate, first, interval := plainDecode(e, channels)
				for _, one := range []*Events{&narrow, &wide} {
					for i, decode := range []func(*Events, []float64) error{DecodeRate, DecodeTemporal, DecodeISI} {
						found, wanted := make([]float64, channels), [][]float64{rate, first, interval}[i]
						if err := decode(one, found); err != nil || !slices.Equal(found, wanted) {
							t.Fatalf("decoder %d, %d events, %d channels from %d: %v %v, wanted %v", i, count, channels, start, found, err, wanted)
						}
					}
				}
			}
		}
	}
}

func TestEveryLevelSeesWhatIsWrong(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, count := range []int{1, 2, 3, 5, 31, 32, 33, 70} {
			for at := range count {
				for _, wrong := range []int8{-128, -3, -2, 0, 2, 3, 127} {
					signs := slices.Repeat([]int8{1, -1}, count)[:count]
					if current.unsigned(signs) {
						t.Fatalf("%d good polarities are refused", count)
					}
					if signs[at] = wrong; !current.unsigned(signs) {
						t.Fatalf("%d at %d of %d is taken", wrong, at, count)
					}
				}
				times := make([]uint64, count)
				for i := range times {
					times[i] = 7 + uint64(i/2)
				}
				if !ordered(times) {
					t.Fatalf("%d times in order are refused", count)
				}
				if times[at] = 0; at > 0 && ordered(times) {
					t.Fatalf("a fall at %d of %d is taken", at, count)
				}
				if times[at] = 1 << 63; at+1 < count && ordered(times) {
					t.Fatalf("a fall after %d of %d is taken", at, count)
				}
			}
		}
	})
}

func TestRatesAreRunningSums(t *testing.T) {
	e := &Events{Window: 3, Address: make([]int64, 20000), Times: make([]uint64, 20000), Words: make([]int64, 20000)}
	for i := range e.Words {
		e.Words[i] = 1
	}
	rates := []float64{0}
	if err := DecodeRate(e, rates); err != nil || rates[0] != 6666.6666666650735 {
		t.Fatal(rates, err)
	}
}

func TestWrongEventsAreRefused(t *testing.T) {
	for _, count := range []int{4, 100_000} {
		for name, spoil := range map[string]func(*Events){
			"argument 't_ns'":      func(e *Events) { e.Times[count-1] = e.Times[count-2] - 1 },
			"argument 'address'":   func(e *Events) { e.Address[count/2] = 5 },
			"found -1 at index 1":  func(e *Events) { e.Address[1] = -1 },
			"argument 'polarity'":  func(e *Events) { e.Words[count-1] = 3 },
			"found 0 at index 0":   func(e *Events) { e.Words[0] = 0 },
			"argument 'window_ns'": func(e *Events) { e.Window = math.MaxUint64 },
		} {
			e := spikes(count, 5)
			e.Bytes, e.Start, e.Window = nil, 3, 1<<40
			spoil(e)
			var refusal *RefusalError
			err := DecodeRate(e, make([]float64, 5))
			if !errors.As(err, &refusal) || !strings.Contains(refusal.Found, name) {
				t.Errorf("%d events: %v, wanted %q", count, err, name)
			}
		}
	}
}

func TestAddressesOutsideTheWindowAreNotLookedAt(t *testing.T) {
	e := spikes(100, 5)
	e.Start, e.Window = e.Times[50], 1
	e.Address[0], e.Address[99] = -1, 7
	e.Times[50]++
	for _, decode := range []func(*Events, []float64) error{DecodeRate, DecodeTemporal, DecodeISI} {
		if err := decode(e, make([]float64, 5)); err != nil {
			t.Fatal(err)
		}
	}
}
