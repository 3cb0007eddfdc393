"""Does an answer equal the floor's: the first difference, as a sentence."""

from polytier.agreement.comparison import Difference, compare
from polytier.agreement.outcome import first_difference, subject

__all__ = ["Difference", "compare", "first_difference", "subject"]
