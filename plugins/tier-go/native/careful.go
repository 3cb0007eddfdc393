package native

import "math"

// A sine that is almost always the nearest float64, for where a rounding would grow: a quarter turn's reduction in two
// parts, and the classical polynomials of the mathematical library fdlibm.

const (
	// Parts of pi/2: two of 33 bits, and what is left.
	quarter1     = 1.57079632673412561417e+00
	quarter2     = 6.07710050630396597660e-11
	quarter2Rest = 2.02226624879595063154e-21
	// carefulMost is the largest angle whose product with the first part is exact.
	carefulMost = 1 << 20
)

// carefulSin returns the sine.
func carefulSin(angle float64) float64 {
	if !(math.Abs(angle) < carefulMost) {
		return math.Sin(angle)
	}
	turns := math.RoundToEven(angle * (2 / math.Pi))
	rough := angle - float64(turns*quarter1)
	part := float64(turns * quarter2)
	rest := rough - part
	part = float64(turns*quarter2Rest) - ((rough - rest) - part)
	high := rest - part
	low := (rest - high) - part
	switch int64(turns) & 3 {
	case 0:
		return sinNear(high, low)
	case 1:
		return cosNear(high, low)
	case 2:
		return -sinNear(high, low)
	default:
		return -cosNear(high, low)
	}
}

// sinNear returns the sine of a sum of which the first part is at most pi/4, and the second far smaller.
func sinNear(x, y float64) float64 {
	z := x * x
	r := 8.33333333332248946124e-03 + z*(-1.98412698298579493134e-04+z*2.75573137070700676789e-06) +
		z*(z*z)*(-2.50507602534068634195e-08+z*1.58969099521155010221e-10)
	v := z * x
	return x - ((z*(0.5*y-v*r) - y) - v*-1.66666666666666324348e-01)
}

// cosNear is as sinNear.
func cosNear(x, y float64) float64 {
	z := x * x
	r := z*(4.16666666666666019037e-02+z*(-1.38888888888741095749e-03+z*2.48015872894767294178e-05)) +
		(z*z)*(z*z)*(-2.75573143513906633035e-07+z*(2.08757232129817482790e-09+z*-1.13596475577881948265e-11))
	half := 0.5 * z
	w := 1 - half
	return w + (((1 - w) - half) + (z*r - x*y))
}
