package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	native "polytier.org/tier-go"
)

// number is one that was sent: as float64, and exactly where it is an integer from 0 to 2^64-1.
type number struct {
	value   float64
	whole   uint64
	isWhole bool
}

// UnmarshalJSON reads a number; null is none.
func (n *number) UnmarshalJSON(text []byte) (err error) {
	if n.value, err = strconv.ParseFloat(string(text), 64); err != nil && !errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%s is no number", text)
	}
	if n.whole, err = strconv.ParseUint(string(text), 10, 64); err == nil {
		n.isWhole = true
	} else if n.value >= 0 && n.value < 1<<53 && n.value == math.Trunc(n.value) {
		n.whole, n.isWhole = uint64(n.value), true
	}
	return nil
}

// rule says which numbers a parameter takes, and which it has where it is not given.
type rule struct {
	least, most float64
	integer     bool
	// bounded numbers decide how much is answered.
	bounded  bool
	standard *number
}

func (r rule) greatest() float64 {
	if r.most > 0 {
		return r.most
	}
	return math.MaxFloat64
}

func given(value float64) *number {
	whole := value >= 0 && value == math.Trunc(value)
	return &number{value: value, whole: uint64(max(value, 0)), isWhole: whole}
}

const anything, aboveZero = -math.MaxFloat64, math.SmallestNonzeroFloat64

// rules of the numbers, by their names: no two kernels mean different things by one.
var rules = map[string]rule{
	"n":                   {least: 1, integer: true, bounded: true, standard: given(16)},
	"n_steps":             {least: 0, integer: true, bounded: true},
	"n_channels":          {least: 1, integer: true, bounded: true},
	"k_base":              {least: aboveZero, standard: given(0.45)},
	"alpha":               {least: aboveZero, standard: given(0.3)},
	"dt":                  {least: aboveZero},
	"turns":               {least: aboveZero},
	"load_resistance":     {least: aboveZero},
	"coupling_efficiency": {least: 0, most: 1, standard: given(1)},
	"radius":              {least: 0},
	"radial_velocity":     {least: anything},
	"field":               {least: anything},
	"field_rate":          {least: anything},
	"phase_lag":           {least: anything, standard: given(0)},
	"doppler_strength":    {least: anything, standard: given(0)},
	"velocity_epsilon":    {least: aboveZero, standard: given(1e-9)},
	"distance_scale":      {least: aboveZero, standard: given(1)},
	"time":                {least: 0, standard: given(0)},
	"window_ns":           {least: 1, integer: true},
	"start_ns": {
		integer:  true,
		standard: &number{value: native.FirstEvent, whole: native.FirstEvent, isWhole: true},
	},
	"delta":          {least: anything, standard: given(0)},
	"max_iterations": {least: 1, integer: true, standard: given(50)},
	"max_dimension":  {least: 1, integer: true, standard: given(endless)},
	"tol":            {least: aboveZero, standard: given(1e-10)},
}

// number returns one of the call's numbers.
func (c *call) number(name string) float64 { return c.numbers[name].value }

// checkNumbers refuses numbers that the kernel does not take.
func (c *call) checkNumbers() error {
	for _, name := range c.kernel.numbers {
		found, given := c.numbers[name]
		rule := rules[name]
		if rule.bounded && found.value > maxCount {
			return refuse(http.StatusRequestEntityTooLarge, "ask for less", "%s is %v", name, found.value)
		}
		if !given || !(found.value >= rule.least && found.value <= rule.greatest()) || rule.integer && !found.isWhole {
			return c.wanted("%s is %v", name, found.value)
		}
		switch name {
		case "n":
			c.n = int(found.whole)
		case "n_steps":
			c.steps = int(found.whole)
		}
	}
	return nil
}

// defaults returns what parameters have that need not be given.
func defaults(numbers []string) map[string]number {
	found := map[string]number{}
	for _, name := range numbers {
		if standard := rules[name].standard; standard != nil {
			found[name] = *standard
		}
	}
	return found
}

// numbersOf reads the nested lists of an array; of integers the bits lie where those of float64 would.
func numbersOf(raw json.RawMessage, one input) (values []float64, shape []int, err error) {
	if raw == nil {
		return nil, nil, errors.New("it is missing")
	}
	// The decoder would take null for 0.
	if strings.Contains(string(raw), "null") {
		return nil, nil, errors.New("null is no number")
	}
	axes := one.axes
	if one.kind == complexPairs {
		axes++
	}
	if values, shape, err = nestedNumbers(raw, axes, one.kind); err != nil || one.kind != complexPairs {
		return values, shape, err
	}
	if pair := shape[len(shape)-1]; pair != 2 && len(values) > 0 {
		return nil, nil, fmt.Errorf("a complex number is a pair, and has %d numbers", pair)
	}
	return values, shape[:len(shape)-1], nil
}

func nestedNumbers(raw json.RawMessage, axes int, kind kind) (values []float64, shape []int, err error) {
	if axes == 1 {
		values, err = plainNumbers(raw, kind)
		return values, []int{len(values)}, err
	}
	var rows []json.RawMessage
	if err = json.Unmarshal(raw, &rows); err != nil || len(rows) == 0 {
		return nil, make([]int, axes), err
	}
	for i, row := range rows {
		part, below, err := nestedNumbers(row, axes-1, kind)
		if err != nil {
			return nil, nil, err
		}
		if i == 0 {
			shape = below
		} else if fmt.Sprint(below) != fmt.Sprint(shape) {
			return nil, nil, errors.New("its rows differ in length")
		}
		values = append(values, part...)
	}
	return values, append([]int{len(rows)}, shape...), nil
}

// plainNumbers reads one list.
func plainNumbers(raw json.RawMessage, kind kind) (values []float64, err error) {
	switch kind {
	case signed:
		var numbers []int64
		err = json.Unmarshal(raw, &numbers)
		for _, one := range numbers {
			values = append(values, math.Float64frombits(uint64(one)))
		}
	case unsigned:
		var numbers []uint64
		err = json.Unmarshal(raw, &numbers)
		for _, one := range numbers {
			values = append(values, math.Float64frombits(one))
		}
	default:
		err = json.Unmarshal(raw, &values)
	}
	return values, err
}
