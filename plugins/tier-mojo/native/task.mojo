"""One call of a kernel whose numbers and arrays are listed one by one, as the families after `kuramoto` have them."""

from memory import Failure, Floats, MALFORMED, Words

comptime LEAST_TASK = 9
"""The first kernel that is called so."""

comptime INPUTS_MOST = 6
comptime NUMBERS_MOST = 8
comptime WORDS_MOST = 1 << 44
"""The most words that an array may have: of any few of them together the bytes can be counted."""

comptime Each = SIMD[DType.int64, 8]
"""One integer for each input."""


@fieldwise_init
struct Task(TrivialRegisterPassable):
    """Kernel, counts, where numbers and arrays lie, and the two numbers of its reply.

    A family finds from the counts how many numbers, and how many words in each array, there must be.
    """

    var kernel: Int
    var n: Int
    var first: Int
    var count: Int
    var numbers: Words
    var numbers_given: Int
    var inputs_wanted: Int
    var sizes: Each
    var places: Each
    var answer: Int
    var to: Floats
    var x: Float64
    var y: Float64

    def take_numbers(self, wanted: Int) raises Failure:
        """Refuse a task that has not so many numbers."""
        if self.numbers_given != wanted:
            raise Failure(MALFORMED)

    def number(self, at: Int) -> Float64:
        """Return a number."""
        return self.numbers.unsafe_bitcast[Float64]()[unsafe_offset=at]

    def word(self, at: Int) -> UInt64:
        """Return a number that is an integer."""
        return self.numbers[unsafe_offset=at]

    @always_inline
    def input(self, at: Int) -> Floats:
        """Return the address of an array of floats."""
        return Floats(unsafe_from_address=Int(self.places[at]))

    @always_inline
    def words(self, at: Int) -> Words:
        """Return the address of an array of integers."""
        return Words(unsafe_from_address=Int(self.places[at]))

    def want(mut self, words: Int) raises Failure:
        """State that there is one more input, of so many words."""
        if words < 0 or words > WORDS_MOST:
            raise Failure(MALFORMED)
        self.sizes[self.inputs_wanted] = Int64(words)
        self.inputs_wanted += 1

    def answers(mut self, words: Int) raises Failure:
        """State how many words the answer has."""
        if words < 0 or words > WORDS_MOST:
            raise Failure(MALFORMED)
        self.answer = words


def task_of(kernel: Int, n: Int, first: Int, count: Int, numbers: Words, given: Int, to: Floats) -> Task:
    """Return a task whose inputs are yet to be laid out and found."""
    return Task(kernel, n, first, count, numbers, given, 0, Each(0), Each(0), 0, to, 0, 0)


def checked_product(a: Int, b: Int) raises Failure -> Int:
    """Return a product of counts, provided that it counts the words of an array."""
    if a < 0 or b < 0 or (b > 0 and a > WORDS_MOST // b):
        raise Failure(MALFORMED)
    return a * b
