package main

// #include "boundary.h"
import "C"

import (
	"math"
	"unsafe"

	native "polytier.org/tier-go"
)

// integers returns the values of an array of integers that the caller keeps in place.
func integers[T int8 | int64 | uint64](values C.polytier_go_values) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(values.start)), int(values.length))
}

var decoders = [...]func(*native.Events, []float64) error{
	native.DecodeRate, native.DecodeTemporal, native.DecodeISI,
}

//export polytierGoAer
func polytierGoAer(decoder C.int32_t, given *C.polytier_go_events) C.int32_t {
	return status(func() error {
		events := native.Events{
			Address: integers[int64](given.address), Times: integers[uint64](given.times),
			Window: uint64(given.window), Start: uint64(given.start),
		}
		if last := len(events.Times) - 1; given.negative != 0 && last >= 0 && (events.Times[0]|events.Times[last])>>63 != 0 {
			return native.ErrNotFinite // polytier's checks say that a time is below 0
		}
		if given.narrow != 0 {
			events.Bytes = integers[int8](given.polarity)
		} else {
			events.Words = integers[int64](given.polarity)
		}
		return decoders[decoder](&events, slice(given.to))
	})
}

//export polytierGoRecover
func polytierGoRecover(given *C.polytier_go_samples) C.int32_t {
	return status(func() error {
		from, to := &given.from, &given.to
		return native.Recover(&native.Samples{
			Time: slice(from[0]), Radius: slice(from[1]), Velocity: slice(from[2]), Field: slice(from[3]),
			Rate:  slice(from[4]),
			Turns: float64(given.turns), Load: float64(given.load), Efficiency: float64(given.efficiency),
			Flux: slice(to[0]), FluxRate: slice(to[1]), BackEMF: slice(to[2]), Power: slice(to[3]), Totals: slice(to[4]),
		})
	})
}

//export polytierGoBackEMF
func polytierGoBackEMF(radius, velocity, field, rate, turns C.double) C.double {
	emf, err := native.BackEMF(float64(radius), float64(velocity), float64(field), float64(rate), float64(turns))
	if err != nil {
		return C.double(math.NaN())
	}
	return C.double(emf)
}

//export polytierGoEMF
func polytierGoEMF(radius, velocity, field, rate, turns C.double, value C.polytier_go_values) C.int32_t {
	return status(func() (err error) {
		slice(value)[0], err = native.BackEMF(float64(radius), float64(velocity), float64(field), float64(rate), float64(turns))
		return err
	})
}

func beams(given *C.polytier_go_beams) *native.Beams {
	return &native.Beams{
		Theta: slice(given.theta), Position: slice(given.position), Velocity: slice(given.velocity),
		Omega: slice(given.omega), Coupling: slice(given.coupling), Rate: slice(given.rate),
		Lag: float64(given.lag), Push: float64(given.push), Epsilon: float64(given.epsilon),
		Scale: float64(given.scale), Time: float64(given.time), DT: float64(given.dt), Steps: int(given.steps),
	}
}

//export polytierGoDoppler
func polytierGoDoppler(given *C.polytier_go_beams) C.int32_t {
	return status(func() error { return beams(given).Derivative(slice(given.to[0])) })
}

//export polytierGoTrace
func polytierGoTrace(given *C.polytier_go_beams, place *C.int64_t) C.int32_t {
	b, to := beams(given), &given.to
	b.Times, b.Phases, b.Positions = slice(to[0]), slice(to[1]), slice(to[2])
	b.Order, b.Locks = slice(to[3]), slice(to[4])
	return supervised(place, b.Trace)
}

//export polytierGoCommutator
func polytierGoCommutator(pair *C.polytier_go_pair, place *C.int64_t) C.int32_t {
	a, b, to, d := slice(pair.a), slice(pair.b), slice(pair.to), int(pair.d)
	return supervised(place, func(goOn func() bool) error { return native.Commutator(a, b, to, d, goOn) })
}

//export polytierGoPauli
func polytierGoPauli(reconstruct C.int32_t, from, to C.polytier_go_values) C.int32_t {
	transform := native.PauliDecompose
	if reconstruct != 0 {
		transform = native.PauliReconstruct
	}
	return status(func() error { return transform(slice(from), slice(to)) })
}

//export polytierGoHamiltonian
func polytierGoHamiltonian(coupling, omega C.polytier_go_values, delta C.double, to C.polytier_go_values) C.int32_t {
	return status(func() error {
		return native.XYHamiltonian(slice(coupling), slice(omega), float64(delta), slice(to))
	})
}

//export polytierGoExpectations
func polytierGoExpectations(psi, ex, ey, ez, coherence C.polytier_go_values) C.int32_t {
	return status(func() error {
		return native.PauliExpectations(slice(psi), slice(ex), slice(ey), slice(ez), slice(coherence))
	})
}

//export polytierGoAlgebra
func polytierGoAlgebra(given *C.polytier_go_search, place *C.int64_t) C.int32_t {
	generators, to := slice(given.generators), slice(given.to)
	search := native.Search{
		Generators: generators, Count: len(generators) / int(2*given.d*given.d), D: int(given.d),
		Rounds: int(given.rounds), Most: int(given.most), Small: float64(given.small),
	}
	return supervised(place, func(goOn func() bool) error {
		dimension, complete, err := search.Dimension(goOn)
		to[0], to[1] = float64(dimension), 0
		if complete {
			to[1] = 1
		}
		return err
	})
}
