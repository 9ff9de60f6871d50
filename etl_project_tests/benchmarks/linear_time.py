"""How the time of reading grows with the length, for every unit on every page: up to 10 MB.

    python -m etl_project_tests.benchmarks.linear_time [share of the families [longest, characters [seed]]]

Each family (``hostile.cases``) is read at growing lengths, four times as long each, for as long as a reading takes less
than a minute. A family is told if one step takes more than eight times as long as the step before and over a tenth of
a second: the square of the length takes sixteen times as long.
"""

import signal
import sys
from random import Random
from time import process_time
from types import FrameType

from etl_project.captures import read_capture
from etl_project_tests.form_checks import check_account
from etl_project_tests.hostile import Case, cases

_SHORTEST, _FACTOR, _MOST_TIMES, _LEAST_SECONDS, _LONGEST_SECONDS = 10_000, 4, 8, 0.1, 60


class _TooLongError(BaseException):
    """A reading that was stopped."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise _TooLongError


def seconds(case: Case, length: int) -> float:
    """Return the processor time of reading a text, the better of two; infinite if it was stopped."""
    text, best = case.text(length), float("inf")
    for _ in range(2):
        signal.setitimer(signal.ITIMER_REAL, _LONGEST_SECONDS)
        start = process_time()
        try:
            reading = read_capture(text)
            best = min(best, process_time() - start)
        except _TooLongError:
            return best
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if best > 1:
            break
    check_account(reading, text)
    return best


def main(share: float, longest: int, seed: int) -> int:
    """Print the families that grow faster than their length, and the slowest; return how many grow so."""
    signal.signal(signal.SIGALRM, _stop)
    chance, superlinear, rates, count = Random(seed), 0, [], 0
    for case in cases():
        if chance.random() >= share:
            continue
        count += 1
        length, before = _SHORTEST, seconds(case, _SHORTEST)
        while length * _FACTOR <= longest and before < _LONGEST_SECONDS / _FACTOR:
            length *= _FACTOR
            taken = seconds(case, length)
            if taken > _LEAST_SECONDS and taken > _MOST_TIMES * before:
                superlinear += 1
                print(f"{case}: {before:.2f} s, and {taken:.2f} s for {length:,} characters", flush=True)
                break
            before = taken
        rates.append((before / length * 1e6, length, case))
    print(f"{count:,} families, {superlinear} grow faster than their length; slowest, in seconds a million characters:")
    for rate, length, case in sorted(rates, reverse=True)[:10]:
        print(f"{rate:8.1f}  at {length:>10,}  {case}")
    return superlinear


if __name__ == "__main__":
    share, longest, seed = (*sys.argv[1:], *("0.002", "10000000", "0")[len(sys.argv) - 1 :])
    sys.exit(main(float(share), int(longest), int(seed)) > 0)
