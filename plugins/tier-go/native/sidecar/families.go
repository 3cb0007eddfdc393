package main

import (
	"net/http"
	"unsafe"

	native "polytier.org/tier-go"
)

// The families aer, doppler, faraday and operators.

// endless is a bound that no search reaches.
const endless = 1 << 58

var events = []input{{"address", signed, 1}, {"t_ns", unsigned, 1}, {"polarity", signed, 1}}

func decoder(decode func(*native.Events, []float64) error) kernel {
	return kernel{
		arrays: events, numbers: []string{"n_channels", "window_ns", "start_ns"}, mayBeEmpty: true,
		answers: func(c *call) []array { return vectors(int(c.numbers["n_channels"].whole), "values") },
		run: func(c *call, _ func() bool) error {
			return decode(&native.Events{
				Address: words[int64](c.argument("address")), Times: words[uint64](c.argument("t_ns")),
				Words:  words[int64](c.argument("polarity")),
				Window: c.numbers["window_ns"].whole, Start: c.numbers["start_ns"].whole,
			}, c.answer("values"))
		},
	}
}

// words returns numbers of 64 bits that lie where float64 would.
func words[T int64 | uint64](values []float64) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(values))), len(values))
}

// vectors returns answers of one length.
func vectors(n int, names ...string) []array {
	var all []array
	for _, name := range names {
		all = append(all, array{Name: name, Shape: []int{n}})
	}
	return all
}

var (
	beams = []input{
		{"phases", real, 1}, {"positions", real, 1}, {"velocities", real, 1}, {"omega", real, 1}, {"coupling", real, 2},
		{"omega_rate", real, 1},
	}
	motion = []string{"phase_lag", "doppler_strength", "velocity_epsilon", "distance_scale", "time"}
)

func (c *call) beams() native.Beams {
	return native.Beams{
		Theta: c.argument("phases"), Position: c.argument("positions"), Velocity: c.argument("velocities"),
		Omega: c.argument("omega"), Coupling: c.argument("coupling"), Rate: c.argument("omega_rate"),
		Lag: c.number("phase_lag"), Push: c.number("doppler_strength"), Epsilon: c.number("velocity_epsilon"),
		Scale: c.number("distance_scale"), Time: c.number("time"),
	}
}

var doppler = kernel{
	arrays: beams, numbers: motion,
	answers: func(c *call) []array { return vectors(c.n, "slopes") },
	run: func(c *call, _ func() bool) error {
		moving := c.beams()
		return moving.Derivative(c.answer("slopes"))
	},
}

var dopplerTrace = kernel{
	arrays: beams, numbers: append([]string{"dt", "n_steps"}, motion...),
	answers: func(c *call) []array {
		rows := c.steps + 1
		return []array{
			{Name: "time", Shape: []int{rows}}, {Name: "phases", Shape: []int{rows, c.n}},
			{Name: "positions", Shape: []int{rows, c.n}}, {Name: "order_parameter", Shape: []int{rows}},
			{Name: "lock_error", Shape: []int{rows}},
		}
	},
	run: func(c *call, goOn func() bool) error {
		moving := c.beams()
		moving.DT, moving.Steps = c.number("dt"), c.steps
		moving.Times, moving.Phases, moving.Positions = c.answer("time"), c.answer("phases"), c.answer("positions")
		moving.Order, moving.Locks = c.answer("order_parameter"), c.answer("lock_error")
		return moving.Trace(goOn)
	},
}

var recovery = kernel{
	arrays: []input{
		{"time", real, 1}, {"radius", real, 1}, {"radial_velocity", real, 1}, {"field", real, 1}, {"field_rate", real, 1},
	},
	numbers: []string{"turns", "load_resistance", "coupling_efficiency"},
	answers: func(c *call) []array {
		return append(vectors(c.n, "flux", "flux_rate", "back_emf", "power"), vectors(3, "totals")...)
	},
	run: func(c *call, _ func() bool) error {
		return native.Recover(&native.Samples{
			Time: c.argument("time"), Radius: c.argument("radius"), Velocity: c.argument("radial_velocity"),
			Field: c.argument("field"), Rate: c.argument("field_rate"), Turns: c.number("turns"),
			Load: c.number("load_resistance"), Efficiency: c.number("coupling_efficiency"),
			Flux: c.answer("flux"), FluxRate: c.answer("flux_rate"), BackEMF: c.answer("back_emf"),
			Power: c.answer("power"), Totals: c.answer("totals"),
		})
	},
}

var backEMF = kernel{
	numbers: []string{"radius", "radial_velocity", "field", "field_rate", "turns"},
	answers: func(*call) []array { return vectors(1, "emf") },
	run: func(c *call, _ func() bool) (err error) {
		c.answer("emf")[0], err = native.BackEMF(
			c.number("radius"), c.number("radial_velocity"), c.number("field"), c.number("field_rate"), c.number("turns"),
		)
		return err
	},
}

var commutator = kernel{
	arrays:  []input{{"a", complexPairs, 2}, {"b", complexPairs, 2}},
	answers: func(c *call) []array { return []array{matrix("commutator", c.n)} },
	run: func(c *call, goOn func() bool) error {
		return native.Commutator(c.argument("a"), c.argument("b"), c.answer("commutator"), c.n, goOn)
	},
}

// matrix returns an answer of complex numbers.
func matrix(name string, d int) array {
	return array{Name: name, Shape: []int{d, d}, kind: complexPairs}
}

// qubits refuses a number of entries that is no power of two, or of four.
func (c *call) qubits(base int) (err error) {
	for count := c.n; count > 1; count /= base {
		if count%base != 0 {
			return c.wanted("%d is no power of %d", c.n, base)
		}
	}
	return nil
}

var decompose = kernel{
	arrays:  []input{{"H", complexPairs, 2}},
	refuses: func(c *call) error { return c.qubits(2) },
	answers: func(c *call) []array { return []array{{Name: "c", Shape: []int{c.n * c.n}, kind: complexPairs}} },
	run: func(c *call, _ func() bool) error {
		return native.PauliDecompose(c.argument("H"), c.answer("c"))
	},
}

var reconstruct = kernel{
	arrays:  []input{{"c", complexPairs, 1}},
	refuses: func(c *call) error { return c.qubits(4) },
	answers: func(c *call) []array {
		d := 1
		for d*d < c.n {
			d *= 2
		}
		return []array{matrix("H", d)}
	},
	run: func(c *call, _ func() bool) error {
		return native.PauliReconstruct(c.argument("c"), c.answer("H"))
	},
}

var hamiltonian = kernel{
	arrays: []input{{"K", real, 2}, {"omega", real, 1}}, numbers: []string{"delta"},
	refuses: func(c *call) error {
		if c.n > 30 {
			return refuse(http.StatusRequestEntityTooLarge, "ask for fewer qubits", "%d qubits", c.n)
		}
		return nil
	},
	answers: func(c *call) []array { return []array{matrix("H", 1<<c.n)} },
	run: func(c *call, _ func() bool) error {
		clear(c.answer("H"))
		return native.XYHamiltonian(c.argument("K"), c.argument("omega"), c.number("delta"), c.answer("H"))
	},
}

var expectations = kernel{
	arrays: []input{{"psi", complexPairs, 1}},
	refuses: func(c *call) error {
		if c.n < 2 {
			return c.wanted("a state of no qubit")
		}
		return c.qubits(2)
	},
	answers: func(c *call) []array {
		n := 1
		for 1<<n < c.n {
			n++
		}
		return append(vectors(n, "ex", "ey", "ez"), vectors(1, "R")...)
	},
	run: func(c *call, _ func() bool) error {
		return native.PauliExpectations(c.argument("psi"), c.answer("ex"), c.answer("ey"), c.answer("ez"), c.answer("R"))
	},
}

var algebra = kernel{
	arrays: []input{{"generators", complexPairs, 3}}, numbers: []string{"max_iterations", "max_dimension", "tol"},
	answers: func(*call) []array { return vectors(2, "found") },
	run: func(c *call, goOn func() bool) error {
		search := native.Search{
			Generators: c.argument("generators"), Count: c.n, D: c.arguments[0].Shape[1], Small: c.number("tol"),
			Rounds: int(min(c.numbers["max_iterations"].whole, endless)),
			Most:   int(min(c.numbers["max_dimension"].whole, endless)),
		}
		dimension, complete, err := search.Dimension(goOn)
		found := c.answer("found")
		found[0], found[1] = float64(dimension), 0
		if complete {
			found[1] = 1
		}
		return err
	},
}
