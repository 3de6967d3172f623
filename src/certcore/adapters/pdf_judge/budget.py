"""What judging one file may cost; whoever would spend more stops with the finding that says so."""

from attrs import define, field

from certcore.domain.files import FileLimits, Finding


class Stopped(Exception):  # noqa: N818 - nothing went wrong: the file is what it is
    """Judging ends here, with one more finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


@define
class Budget:
    """What is left of the limits."""

    limits: FileLimits
    _parts: int = field(init=False, default=0)
    _inflated: int = field(init=False, default=0)

    def parts(self, count: int) -> None:
        """Spend on the smallest parts a PDF has: numbers, names, brackets."""
        self._parts += count
        if self._parts > self.limits.parts:
            raise Stopped(Finding("too_many_parts", {"limit": self.limits.parts}))

    def inflated(self, size: int) -> None:
        """Spend on bytes that a filter gives."""
        self._inflated += size
        if self._inflated > self.limits.inflated:
            raise Stopped(Finding("inflates_too_far", {"bytes": self.limits.inflated}))

    def depth(self, depth: int) -> None:
        """Go as deep as this."""
        if depth > self.limits.depth:
            raise Stopped(Finding("nested_too_deep", {"limit": self.limits.depth}))
