package native

// Sine and cosine by reduction to half a turn and a sign: absolute error below 5e-16 for every angle that does not
// stray. Coefficients are minimax fits made for this range.

// sinHalf: sin(r) = r + r^3 P(r^2) on |r| <= pi/2, error 1.1e-16; highest power first.
var sinHalf = [7]float64{
	-7.364590919239623e-13,
	1.6047296551807267e-10,
	-2.5051851344093113e-8,
	2.755731607450459e-6,
	-0.0001984126982007312,
	0.008333333333262794,
	-0.1666666666666581,
}

// cosHalf: cos(r) = 1 + r^2 Q(r^2) on |r| <= pi/2, error 4e-18.
var cosHalf = [8]float64{
	4.6102609095571304e-14,
	-1.1463036322581879e-11,
	2.0876567628456935e-9,
	-2.755731652308337e-7,
	2.4801587279126705e-5,
	-0.0013888888888785528,
	0.04166666666666437,
	-0.49999999999999983,
}

// sinSmall: as sinHalf on |r| <= small, error 3e-19.
var sinSmall = [3]float64{-0.00019839063203647774, 0.008333333278408479, -0.16666666666662552}

// cosSmall: as cosHalf on |r| <= small, error 5.3e-17.
var cosSmall = [3]float64{-0.0013887028042715314, 0.041666666245315585, -0.4999999999997288}

const (
	// small is the largest angle by which sine and cosine are turned instead of evaluated anew.
	small = 0.0625
	// magic rounds to an integer when added, biased so that negative integers leave the bits above the range clear:
	// with plain 1.5 * 2^52 every negative angle would look out of range.
	magic = 6755399441055744.0 + 2147483648.0
	// strayBits of a number of half turns are set where the angle is too large for the reduction, or not finite.
	strayBits = ^int64(0xffffffff)
	// piRest is pi less the nearest float64.
	piRest = 1.2246467991473532e-16
)
