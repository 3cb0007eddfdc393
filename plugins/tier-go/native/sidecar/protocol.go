package main

import (
	stdbinary "encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"unsafe"

	native "polytier.org/tier-go"
)

// maxHeader bounds the description of the arrays in a binary body, maxText a body of JSON: its numbers take memory
// several times over.
const (
	maxHeader = 4 << 10
	maxText   = 16 << 20
)

// array is one argument or answer: its name and shape travel, its values lie in working memory.
type array struct {
	Name   string `json:"name"`
	Shape  []int  `json:"shape"`
	kind   kind
	values []float64
}

// count returns the number of values, of a complex number two, or -1 where the shape is impossible.
func (a *array) count() int {
	total := 1
	if a.kind == complexPairs {
		total = 2
	}
	for _, length := range a.Shape {
		if length < 0 || length > maxCount || length > 0 && total > math.MaxInt/8/length {
			return -1
		}
		total *= length
	}
	return total
}

// description stands before the values of a binary body.
type description struct {
	Arrays  []array           `json:"arrays"`
	Numbers map[string]number `json:"numbers,omitempty"`
	Digest  string            `json:"digest,omitempty"`
}

// call is one request on its way.
type call struct {
	kernel    kernel
	limit     int64
	arguments []array
	numbers   map[string]number
	n, steps  int
	answers   []array
	memory    []native.Workspace
}

func (c *call) release() {
	for i := range c.memory {
		c.memory[i].Release()
	}
}

// room gives every array its place; the values of all lie one after another, and all of them are returned.
func (c *call) room(arrays []array) ([]float64, error) {
	total := 0
	for i := range arrays {
		count := arrays[i].count()
		if count < 0 || int64(total)+int64(count) > c.limit/8 {
			return nil, refuse(http.StatusRequestEntityTooLarge, "send or ask for less, or raise --max-bytes",
				"the arrays take more than %d bytes", c.limit)
		}
		total += count
	}
	memory, err := native.Obtain(total)
	if err != nil {
		return nil, err
	}
	c.memory = append(c.memory, memory)
	all := memory.Take(total)
	for i, at := 0, 0; i < len(arrays); i++ {
		count := arrays[i].count()
		arrays[i].values = all[at : at+count : at+count]
		at += count
	}
	return all, nil
}

func find(arrays []array, name string) []float64 {
	for i := range arrays {
		if arrays[i].Name == name {
			return arrays[i].values
		}
	}
	return nil
}

func (c *call) argument(name string) []float64 { return find(c.arguments, name) }

// answer returns where an answer goes, or nothing where the kernel has no such answer.
func (c *call) answer(name string) []float64 { return find(c.answers, name) }

// prepare makes room for the answers.
func (c *call) prepare() error {
	c.answers = c.kernel.answers(c)
	_, err := c.room(c.answers)
	return err
}

// bytes returns the memory of values: little-endian, as every platform is that this is built for.
func bytes(values []float64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 8*len(values))
}

// readBinary reads uint32 length, description, values.
func (c *call) readBinary(_ http.ResponseWriter, r *http.Request) error {
	if r.ContentLength < 0 {
		return refuse(http.StatusLengthRequired, "send Content-Length", "the length of the body is not given")
	}
	if r.ContentLength > c.limit+maxHeader {
		return refuse(http.StatusRequestEntityTooLarge, "send less, or raise --max-bytes", "%d bytes", r.ContentLength)
	}
	var length [4]byte
	if _, err := io.ReadFull(r.Body, length[:]); err != nil {
		return fmt.Errorf("the body ends before the length of its description: %w", err)
	}
	size := stdbinary.LittleEndian.Uint32(length[:])
	if size > maxHeader {
		return fmt.Errorf("the description has %d bytes, at most %d are read", size, maxHeader)
	}
	header := make([]byte, size)
	if _, err := io.ReadFull(r.Body, header); err != nil {
		return fmt.Errorf("the body ends in its description: %w", err)
	}
	var told description
	if err := json.Unmarshal(header, &told); err != nil {
		return fmt.Errorf("the description is no JSON of the form: %w", err)
	}
	c.arguments, c.numbers = told.Arrays, told.Numbers
	if err := c.check(); err != nil {
		return err
	}
	values, err := c.room(c.arguments)
	if err != nil {
		return err
	}
	if wanted := int64(4+len(header)) + 8*int64(len(values)); wanted != r.ContentLength {
		return fmt.Errorf("the body has %d bytes, its description asks for %d", r.ContentLength, wanted)
	}
	if _, err := io.ReadFull(r.Body, bytes(values)); err != nil {
		return fmt.Errorf("the body ends before its values do: %w", err)
	}
	return nil
}

func (c *call) writeBinary(w http.ResponseWriter) error {
	header, err := json.Marshal(description{Arrays: c.answers, Digest: native.Digest})
	if err != nil {
		return err
	}
	total := 4 + len(header)
	for i := range c.answers {
		total += 8 * len(c.answers[i].values)
	}
	w.Header().Set("Content-Type", binary)
	w.Header().Set("Content-Length", fmt.Sprint(total))
	w.WriteHeader(http.StatusOK)
	// Whoever hung up does not read that this failed.
	_, _ = w.Write(append(stdbinary.LittleEndian.AppendUint32(nil, uint32(len(header))), header...))
	for i := range c.answers {
		_, _ = w.Write(bytes(c.answers[i].values))
	}
	return nil
}

// readText reads one JSON object whose members are the kernel's parameters.
func (c *call) readText(w http.ResponseWriter, r *http.Request) error {
	var members map[string]json.RawMessage
	body := http.MaxBytesReader(w, r.Body, min(maxText, c.limit))
	if err := json.NewDecoder(body).Decode(&members); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return refuse(http.StatusRequestEntityTooLarge, "send "+binary, "more than %d bytes", tooLarge.Limit)
		}
		return fmt.Errorf("the body is no JSON object: %w", err)
	}
	var given [][]float64
	for _, one := range c.kernel.arrays {
		if _, there := members[one.name]; !there && one.name == "omega_rate" && len(given) > 0 {
			// The only array that need not be given: zeros.
			given = append(given, make([]float64, len(given[0])))
			c.arguments = append(c.arguments, array{Name: one.name, Shape: []int{len(given[0])}})
			continue
		}
		values, shape, err := numbersOf(members[one.name], one)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		given = append(given, values)
		c.arguments = append(c.arguments, array{Name: one.name, Shape: shape})
		delete(members, one.name)
	}
	c.numbers = defaults(c.kernel.numbers)
	for name, raw := range members {
		var one number
		if err := one.UnmarshalJSON(raw); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		c.numbers[name] = one
	}
	if err := c.check(); err != nil {
		return err
	}
	if _, err := c.room(c.arguments); err != nil {
		return err
	}
	for i := range c.arguments {
		copy(c.arguments[i].values, given[i])
	}
	return nil
}

// writeText answers with one JSON object whose members are the answers.
func (c *call) writeText(w http.ResponseWriter) error {
	members := map[string]any{}
	for i := range c.answers {
		for _, number := range c.answers[i].values {
			if math.IsNaN(number) || math.IsInf(number, 0) {
				return refuse(http.StatusUnprocessableEntity, "ask with "+binary, "JSON has no number for %v", number)
			}
		}
		shape := c.answers[i].Shape
		if c.answers[i].kind == complexPairs {
			shape = append(slices.Clone(shape), 2)
		}
		members[c.answers[i].Name] = nested(c.answers[i].values, shape)
	}
	send(w, http.StatusOK, members)
	return nil
}

func nested(values []float64, shape []int) any {
	switch len(shape) {
	case 0:
		return values[0]
	case 1:
		return values
	}
	rows, width := make([]any, shape[0]), len(values)/shape[0]
	for i := range rows {
		rows[i] = nested(values[i*width:(i+1)*width], shape[1:])
	}
	return rows
}
