from typing import Final

BUILD_DIGEST: Final[str]
