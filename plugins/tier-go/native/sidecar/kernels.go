package main

import (
	"net/http"
	"slices"

	native "polytier.org/tier-go"
)

// kind is what the values of an array are; each takes 8 bytes, complex numbers twice that.
type kind int

const (
	real kind = iota
	complexPairs
	signed
	unsigned
)

// input is an array that a kernel takes: a vector, a square matrix, or a stack of square matrices.
type input struct {
	name string
	kind kind
	axes int
}

// kernel is what the sidecar knows of one: its arrays and numbers in the order of the task, and its answers.
type kernel struct {
	arrays     []input
	numbers    []string
	mayBeEmpty bool
	// refuses, if there is one, says what the shapes of the arrays do not tell.
	refuses func(c *call) error
	answers func(c *call) []array
	run     func(c *call, goOn func() bool) error
}

// maxCount bounds lengths and n_steps: more than any answer that fits, and no product of two overflows.
const maxCount = 1 << 31

var network = kernel{
	arrays: []input{{"theta0", real, 1}, {"omega", real, 1}, {"K", real, 2}}, numbers: []string{"dt", "n_steps"},
}

func integrator(method native.Method, answers func(c *call) []array) kernel {
	k := network
	k.answers = answers
	k.run = func(c *call, goOn func() bool) error { return integrate(c, method, goOn) }
	return k
}

func last(c *call) []array { return vectors(c.n, "last") }

func value(*call) []array { return []array{{Name: "value", Shape: []int{}}} }

var kernels = map[string]kernel{
	"order_parameter": {arrays: []input{{"theta", real, 1}}, answers: value, run: meanField(native.OrderParameter)},
	"mean_phase":      {arrays: []input{{"theta", real, 1}}, answers: value, run: meanField(native.MeanPhase)},
	"build_knm": {
		numbers: []string{"n", "k_base", "alpha"},
		answers: func(c *call) []array { return []array{{Name: "K", Shape: []int{c.n, c.n}}} },
		run: func(c *call, _ func() bool) error {
			return native.BuildKnm(c.n, c.number("k_base"), c.number("alpha"), c.answer("K"))
		},
	},
	"networked_force": {
		arrays:  []input{{"theta", real, 1}, {"K", real, 2}},
		answers: func(c *call) []array { return vectors(c.n, "forces") },
		run: func(c *call, _ func() bool) error {
			return native.NetworkedForce(c.argument("theta"), c.argument("K"), c.answer("forces"))
		},
	},
	"kuramoto_euler": integrator(native.Euler, last),
	"kuramoto_rk4":   integrator(native.RungeKutta, last),
	"kuramoto_phases": integrator(native.Euler, func(c *call) []array {
		return []array{{Name: "path", Shape: []int{c.steps + 1, c.n}}}
	}),
	"kuramoto_trajectory":    integrator(native.Euler, func(c *call) []array { return vectors(c.steps+1, "times", "order") }),
	"aer_decode_rate":        decoder(native.DecodeRate),
	"aer_decode_temporal":    decoder(native.DecodeTemporal),
	"aer_decode_isi":         decoder(native.DecodeISI),
	"doppler_kuramoto":       doppler,
	"doppler_kuramoto_trace": dopplerTrace,
	"faraday_recovery":       recovery,
	"faraday_back_emf":       backEMF,
	"commutator_dense":       commutator,
	"pauli_decompose":        decompose,
	"pauli_reconstruct":      reconstruct,
	"xy_hamiltonian_dense":   hamiltonian,
	"pauli_expectations":     expectations,
	"dla_dimension":          algebra,
}

func names() []string {
	var all []string
	for name := range kernels {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func meanField(of func([]float64) (float64, error)) func(*call, func() bool) error {
	return func(c *call, _ func() bool) (err error) {
		c.answer("value")[0], err = of(c.argument("theta"))
		return err
	}
}

func integrate(c *call, method native.Method, goOn func() bool) error {
	task := native.Task{
		Method: method, Theta: c.argument("theta0"), Omega: c.argument("omega"), Coupling: c.argument("K"),
		DT: c.number("dt"), Steps: c.steps,
		Last: c.answer("last"), Path: c.answer("path"), Order: c.answer("order"), Times: c.answer("times"),
	}
	if task.Last == nil {
		memory, err := native.Obtain(c.n)
		if err != nil {
			return err
		}
		defer memory.Release()
		task.Last = memory.Take(c.n)
	}
	ended, err := native.InParts(&task, goOn)
	if err == nil && !ended {
		return native.ErrStopped
	}
	return err
}

// check refuses arguments that the kernel does not take, and notes its size.
func (c *call) check() error {
	if len(c.arguments) != len(c.kernel.arrays) || len(c.numbers) != len(c.kernel.numbers) {
		return c.wanted("%d arrays and %d numbers came", len(c.arguments), len(c.numbers))
	}
	for i, one := range c.kernel.arrays {
		given := &c.arguments[i]
		shape := given.Shape
		if given.Name != one.name || len(shape) != one.axes {
			return c.wanted("array %d is %q with %d dimensions", i, given.Name, len(shape))
		}
		if given.kind = one.kind; i == 0 {
			c.n = shape[0]
		}
		if c.n < 1 && !c.kernel.mayBeEmpty || shape[0] != c.n || !square(shape) {
			return c.wanted("%s has shape %v", one.name, shape)
		}
	}
	if err := c.checkNumbers(); err != nil || c.kernel.refuses == nil {
		return err
	}
	return c.kernel.refuses(c)
}

// square says whether the last two of several axes have one length, which is not zero.
func square(shape []int) bool {
	axes := len(shape)
	return axes == 1 || shape[axes-1] > 0 && shape[axes-1] == shape[axes-2]
}

func (c *call) wanted(format string, arguments ...any) error {
	return refuse(http.StatusUnprocessableEntity, "PROTOCOL.md lists what each kernel takes", format, arguments...)
}
