//go:build goexperiment.simd

package native

import (
	"math"
	"simd/archsimd"
	"unsafe"
)

// Vectors of four float64. The compiler hoists nothing out of loops and folds no constant, so constants are loaded
// from memory where they are used; every helper is small enough to be inlined, for a call would spill all registers.
type (
	lanes = archsimd.Float64x4
	bits  = archsimd.Int64x4
)

// width is the number of lanes.
const width = group

var (
	magicLanes  = every(magic)
	inversePi   = every(1 / math.Pi)
	minusPi     = every(-math.Pi)
	minusPiRest = every(-piRest)
	one         = every(1)
	minusOne    = every(-1)
	two         = every(2)
	smallLanes  = every(small)
	sinPowers   = everyOf(sinHalf[:])
	cosPowers   = everyOf(cosHalf[:])
	sinSmalls   = everyOf(sinSmall[:])
	cosSmalls   = everyOf(cosSmall[:])
	strayLanes  = [width]int64{strayBits, strayBits, strayBits, strayBits}
	// keepFirst[k] keeps the first k lanes; loseLane[k] all but lane k, and loseLane[width] keeps all.
	keepFirst = [width + 1][width]int64{{}, {-1}, {-1, -1}, {-1, -1, -1}, {-1, -1, -1, -1}}
	loseLane  = [width + 1][width]int64{{0, -1, -1, -1}, {-1, 0, -1, -1}, {-1, -1, 0, -1}, {-1, -1, -1, 0}, {-1, -1, -1, -1}}
)

func everyOf(values []float64) (out [8]constant) {
	for i, value := range values {
		out[i] = every(value)
	}
	return out
}

// wide returns the levels beyond the baseline that this CPU has.
func wide() []level {
	if !archsimd.X86.AVX2() || !archsimd.X86.FMA() {
		return nil
	}
	return []level{{
		"avx2", vectorSums, vectorEvaluate, vectorPulls, vectorAdvance, vectorFinite, vectorWeigh, vectorSumUp,
		vectorTile, vectorProject, vectorWaves, vectorIntervals, vectorFalls, vectorUnsigned, vectorOverlap,
	}}
}

func of(c *constant) lanes { return archsimd.LoadFloat64x4(c) }

// load returns the four values from place i on; the caller answers for their being there.
func load(from unsafe.Pointer, i int) lanes {
	return archsimd.LoadFloat64x4((*[width]float64)(unsafe.Add(from, 8*i)))
}

func store(to unsafe.Pointer, i int, values lanes) {
	values.Store((*[width]float64)(unsafe.Add(to, 8*i)))
}

// loadMasked touches only the lanes that the mask keeps, and gives zero for the others.
func loadMasked(from unsafe.Pointer, i int, mask *[width]int64) lanes {
	return archsimd.LoadMaskedFloat64x4((*[width]float64)(unsafe.Add(from, 8*i)), archsimd.LoadInt64x4(mask).ToMask())
}

func keep(values lanes, mask *[width]int64) lanes {
	return values.AsInt64x4().And(archsimd.LoadInt64x4(mask)).AsFloat64x4()
}

// reduce returns the angle less a number of half turns, and that number in the low bits.
func reduce(angle lanes) (rest, turns lanes) {
	turns = angle.MulAdd(of(&inversePi), of(&magicLanes))
	count := turns.Sub(of(&magicLanes))
	return count.MulAdd(of(&minusPiRest), count.MulAdd(of(&minusPi), angle)), turns
}

// sine returns the sine of a reduced angle, given its square and fourth power.
func sine(r, square, fourth lanes) lanes {
	p := of(&sinPowers[0]).MulAdd(fourth, square.MulAdd(of(&sinPowers[1]), of(&sinPowers[2])))
	p = p.MulAdd(fourth, square.MulAdd(of(&sinPowers[3]), of(&sinPowers[4])))
	p = p.MulAdd(fourth, square.MulAdd(of(&sinPowers[5]), of(&sinPowers[6])))
	return p.MulAdd(r.Mul(square), r)
}

// cosine is as sine.
func cosine(square, fourth lanes) lanes {
	p := square.MulAdd(of(&cosPowers[0]), of(&cosPowers[1]))
	p = p.MulAdd(fourth, square.MulAdd(of(&cosPowers[2]), of(&cosPowers[3])))
	p = p.MulAdd(fourth, square.MulAdd(of(&cosPowers[4]), of(&cosPowers[5])))
	p = p.MulAdd(fourth, square.MulAdd(of(&cosPowers[6]), of(&cosPowers[7])))
	return p.MulAdd(square, of(&one))
}

// negateOdd changes signs where the number of half turns is odd.
func negateOdd(values, turns lanes) lanes {
	return values.AsInt64x4().Xor(turns.AsInt64x4().ShiftAllLeft(63)).AsFloat64x4()
}

// beyond joins the bits of turns that tell an angle that strays to those of the angles before.
func beyond(sofar bits, turns lanes) bits {
	return sofar.Or(turns.AsInt64x4().Xor(of(&magicLanes).AsInt64x4()))
}

// strays says so of the joined bits of one vector.
func strays(joined bits) bool { return !joined.And(archsimd.LoadInt64x4(&strayLanes)).IsZero() }

// strayed is as strays, of bits that were stored: the compiler sinks a test of a register below ClearAVXUpperBits.
func strayed(joined *[width]int64) bool {
	return (joined[0]|joined[1]|joined[2]|joined[3])&strayBits != 0
}

// turnSmall returns sine and cosine of angles of magnitude up to small.
func turnSmall(angle lanes) (sin, cos lanes) {
	square := angle.Mul(angle)
	p := of(&sinSmalls[0]).MulAdd(square, of(&sinSmalls[1])).MulAdd(square, of(&sinSmalls[2]))
	q := of(&cosSmalls[0]).MulAdd(square, of(&cosSmalls[1])).MulAdd(square, of(&cosSmalls[2]))
	return p.MulAdd(angle.Mul(square), angle), q.MulAdd(square, of(&one))
}

// isSmall says whether all magnitudes are at most small; of what is not a number it is not.
func isSmall(angle lanes) bool {
	top := of(&smallLanes)
	return angle.LessEqual(top).And(angle.GreaterEqual(top.Mul(of(&minusOne)))).ToBits() == 1<<width-1
}

// transposedSum returns the sums of the lanes of each of four vectors.
func transposedSum(a, b, c, d lanes) lanes {
	ab, cd := a.AddPairsGrouped(b), c.AddPairsGrouped(d)
	return ab.Select128FromPair(0, 2, cd).Add(ab.Select128FromPair(1, 3, cd))
}

// total returns the sum of lanes that were stored, for scalar code that runs once the upper halves are clear.
func total(v *constant) float64 { return (v[0] + v[2]) + (v[1] + v[3]) }
