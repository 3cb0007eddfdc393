package main

import (
	"math"
	"net/http"
	"slices"

	native "polytier.org/tier-go"
)

// kernel is what the sidecar knows of one: the names of its arrays and numbers, in the order of the signature, and
// the shapes of its answers.
type kernel struct {
	arrays, numbers []string
	answers         func(n, steps int) []array
	run             func(c *call, goOn func() bool) error
}

// maxCount bounds n and n_steps: more than any answer that fits, and no product of two overflows.
const maxCount = 1 << 31

var network = kernel{arrays: []string{"theta0", "omega", "K"}, numbers: []string{"dt", "n_steps"}}

func integrator(method native.Method, answers func(n, steps int) []array) kernel {
	k := network
	k.answers = answers
	k.run = func(c *call, goOn func() bool) error { return integrate(c, method, goOn) }
	return k
}

func last(n, _ int) []array { return []array{{Name: "last", Shape: []int{n}}} }

func value(_, _ int) []array { return []array{{Name: "value", Shape: []int{}}} }

var kernels = map[string]kernel{
	"order_parameter": {arrays: []string{"theta"}, answers: value, run: meanField(native.OrderParameter)},
	"mean_phase":      {arrays: []string{"theta"}, answers: value, run: meanField(native.MeanPhase)},
	"build_knm": {
		numbers: []string{"n", "k_base", "alpha"},
		answers: func(n, _ int) []array { return []array{{Name: "K", Shape: []int{n, n}}} },
		run: func(c *call, _ func() bool) error {
			return native.BuildKnm(c.n, c.numbers["k_base"], c.numbers["alpha"], c.answer("K"))
		},
	},
	"networked_force": {
		arrays:  []string{"theta", "K"},
		answers: func(n, _ int) []array { return []array{{Name: "forces", Shape: []int{n}}} },
		run: func(c *call, _ func() bool) error {
			return native.NetworkedForce(c.argument("theta"), c.argument("K"), c.answer("forces"))
		},
	},
	"kuramoto_euler": integrator(native.Euler, last),
	"kuramoto_rk4":   integrator(native.RungeKutta, last),
	"kuramoto_phases": integrator(native.Euler, func(n, steps int) []array {
		return []array{{Name: "path", Shape: []int{steps + 1, n}}}
	}),
	"kuramoto_trajectory": integrator(native.Euler, func(_, steps int) []array {
		return []array{{Name: "times", Shape: []int{steps + 1}}, {Name: "order", Shape: []int{steps + 1}}}
	}),
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
		DT: c.numbers["dt"], Steps: c.steps,
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
		return refuse(http.StatusServiceUnavailable, "ask for fewer steps, or allow more with --time-limit",
			"the call was ended before it was complete")
	}
	return err
}

// check refuses arguments that the kernel does not take, and notes its size.
func (c *call) check() error {
	if len(c.arguments) != len(c.kernel.arrays) || len(c.numbers) != len(c.kernel.numbers) {
		return c.wanted("%d arrays and %d numbers came", len(c.arguments), len(c.numbers))
	}
	for i, name := range c.kernel.arrays {
		shape, dimensions := c.arguments[i].Shape, 1
		if name == "K" {
			dimensions = 2
		}
		if c.arguments[i].Name != name || len(shape) != dimensions {
			return c.wanted("array %d is %q with %d dimensions", i, c.arguments[i].Name, len(shape))
		}
		if i == 0 {
			c.n = shape[0]
		}
		if c.n < 1 || shape[0] != c.n || shape[dimensions-1] != c.n {
			return c.wanted("%s has shape %v", name, shape)
		}
	}
	return c.checkNumbers()
}

func (c *call) checkNumbers() error {
	for _, name := range c.kernel.numbers {
		number, given := c.numbers[name]
		least := 0.0
		switch name {
		case "n":
			c.n, least = int(number), 1
		case "n_steps":
			c.steps = int(number)
		default:
			least = math.SmallestNonzeroFloat64
		}
		count := name == "n" || name == "n_steps"
		if !given || !(number >= least) || math.IsInf(number, 0) || count && number != math.Trunc(number) {
			return c.wanted("%s is %v", name, number)
		}
		if count && number > maxCount {
			return refuse(http.StatusRequestEntityTooLarge, "ask for less", "%s is %v", name, number)
		}
	}
	return nil
}

func (c *call) wanted(format string, arguments ...any) error {
	return refuse(http.StatusUnprocessableEntity, "PROTOCOL.md lists what each kernel takes", format, arguments...)
}
