package native

import "math"

// Method is how phases advance.
type Method int

const (
	// Euler takes one round a step.
	Euler Method = iota
	// RungeKutta is the classical fourth-order method: four rounds a step.
	RungeKutta
)

func (m Method) rounds() int { return [...]int{1, 4}[m] }

// rule is what a round does with its slopes.
type rule int

const (
	// evaluate: Euler step; sine and cosine from the new phase.
	evaluate rule = iota
	// rotate: Euler step; sine and cosine rotated by the increment.
	rotate
	stage0
	stage1
	stage2
	stage3
)

const (
	// Resync is the number of steps between two evaluations of sine and cosine where they are rotated: a run may be
	// cut after any multiple of it without changing a bit.
	Resync = 32
	// rotateMost is the number of oscillators up to which rotating beats evaluating.
	rotateMost = 64
	// integrateShared is the number of oscillators from which a helper is worth the barrier after every round.
	integrateShared = 256
	// each is the number of oscillators for each thread, at the least.
	each = 128
)

// Task is what to integrate and what to keep; an empty slice is not filled.
type Task struct {
	Method                 Method
	Theta, Omega, Coupling []float64
	DT                     float64
	First, Steps           int
	// Last has the phases after all steps, Path those after each, and Order the order parameters.
	Last, Path, Order, Times []float64
}

// state is that of a running integration. Arrays of oscillators are padded, and those beyond n stand still at 0.
// Sines and cosines are double: a round reads those of its own parity and writes the other.
type state struct {
	n                              int
	dt                             float64
	coupling, theta, omega, slopes []float64
	sin, cos                       [2][]float64
	// Parts of dt.
	whole, half, sixth constant
}

// Integrate runs a task.
func Integrate(task *Task) error {
	// A later part of a run continues from phases that were checked, and may have grown beyond what is finite.
	if task.First == 0 && !current.finite(task.Theta) || !current.finite(task.Omega) || !current.finite(task.Coupling) {
		return ErrNotFinite
	}
	room := padded(len(task.Theta))
	memory, err := Obtain(7 * room)
	if err != nil {
		return err
	}
	defer memory.Release()
	s := newState(task, &memory, room)
	s.keepPath(task, 0, 0, room)
	s.keepOrder(task, 0)
	for i := range task.Times {
		task.Times[i] = float64(task.First+i) * task.DT
	}
	s.run(task)
	copy(task.Last, s.theta[:s.n])
	return nil
}

func newState(task *Task, memory *Workspace, room int) *state {
	n := len(task.Theta)
	s := &state{n: n, dt: task.DT, coupling: task.Coupling}
	s.whole, s.half, s.sixth = every(s.dt), every(s.dt/2), every(s.dt/6)
	for _, part := range []*[]float64{&s.theta, &s.omega, &s.slopes, &s.sin[0], &s.sin[1], &s.cos[0], &s.cos[1]} {
		*part = memory.Take(room)
		clear((*part)[n:])
	}
	copy(s.theta, task.Theta)
	copy(s.omega, task.Omega)
	if !current.evaluate(s.sin[0], s.cos[0], s.theta) {
		plainEvaluate(s.sin[0], s.cos[0], s.theta)
	}
	return s
}

// run takes all steps, with helpers where they pay.
func (s *state) run(task *Task) {
	rounds, groups := task.Steps*task.Method.rounds(), len(s.theta)/group
	share := func(round, index, of int) {
		from, to := group*(groups*index/of), group*(groups*(index+1)/of)
		current.advance(s, s.rule(task.Method, round), round, from, to)
		s.keepPath(task, round+1, from, to)
	}
	settle := func(round int) { s.keepOrder(task, round+1) }
	if most := min(Threads(), s.n/each); s.n >= integrateShared && most > 1 {
		lockstep(rounds, most, share, settle)
		return
	}
	for round := 0; round < rounds; round++ {
		share(round, 0, 1)
		settle(round)
	}
}

func (s *state) rule(method Method, round int) rule {
	if method == RungeKutta {
		return stage0 + rule(round&3)
	}
	if s.n <= rotateMost && (round+1)%Resync != 0 {
		return rotate
	}
	return evaluate
}

// keepPath notes the phases of some rows after a step, if the task keeps them; only Euler's rounds are steps.
func (s *state) keepPath(task *Task, step, from, to int) {
	if len(task.Path) > 0 {
		copy(task.Path[step*s.n+from:(step+1)*s.n], s.theta[from:to])
	}
}

// keepOrder notes the order parameter after a step, if the task keeps it.
func (s *state) keepOrder(task *Task, step int) {
	if len(task.Order) == 0 {
		return
	}
	sines, cosines := 0.0, 0.0
	for i, sin := range s.sin[step&1][:s.n] {
		sines += sin
		cosines += s.cos[step&1][i]
	}
	task.Order[step] = math.Sqrt(cosines*cosines+sines*sines) / float64(s.n)
}

// partTime is about how long a part of a run may take before the caller's wishes are looked at.
const partTime = 50e6

// Part returns the number of steps that a run may take at once so that it can be ended soon: a multiple of Resync.
func Part(method Method, n int) int {
	step := (0.25*float64(n)+20)*float64(n) + 50
	return max(1, int(partTime/step)/Resync/method.rounds()) * Resync
}

// InParts runs a task, asking goOn now and then; false ends it early, which it reports.
func InParts(task *Task, goOn func() bool) (ended bool, err error) {
	n, part := len(task.Theta), Part(task.Method, len(task.Theta))
	for now := *task; ; {
		steps := min(part, task.Steps-now.First)
		now.Steps = steps
		now.Path = window(task.Path, now.First*n, (now.First+steps+1)*n)
		now.Order = window(task.Order, now.First, now.First+steps+1)
		now.Times = window(task.Times, now.First, now.First+steps+1)
		if err = Integrate(&now); err != nil {
			return false, err
		}
		if now.First += steps; now.First >= task.Steps {
			return true, nil
		}
		if !goOn() {
			return false, nil
		}
		now.Theta = task.Last
	}
}

func window(values []float64, from, to int) []float64 {
	if len(values) == 0 {
		return nil
	}
	return values[from:to]
}
