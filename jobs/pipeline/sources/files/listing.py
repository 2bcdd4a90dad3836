"""A look at the inputs: which files are there, what was passed over and why. One stat for each file, none is opened."""

import errno
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jobs.pipeline.sources.files import passed_over
from jobs.pipeline.sources.files.names import HIDDEN, ending, is_hidden
from jobs.pipeline.sources.files.passed_over import PassedOver
from jobs.pipeline.sources.files.patterns import folders_below, is_pattern, named

# Whether a file in a directory is taken, by its name or, where that says nothing, by what it holds.
Taken = Callable[[str, os.stat_result], bool]
# Which of some files are known to have been read to their end, and not changed since.
Finished = Callable[[Sequence[tuple[str, os.stat_result]]], Sequence[bool]]
_AT_ONCE = 4096


@dataclass
class InputListing:
    """What a look has found.

    Attributes
    ----------
    files : dict
        Path and status of every file that is taken, but for those that are known to have been read to their end.
    known, known_bytes : int
        How many files those are, and their size.
    """

    files: dict[str, os.stat_result] = field(default_factory=dict)
    known: int = 0
    known_bytes: int = 0
    passed: PassedOver = field(default_factory=PassedOver)


def list_inputs(inputs: Sequence[str], taken: Taken, finished: Finished | None = None) -> InputListing:
    """Find the files of some inputs: files, directories (searched to any depth) and patterns.

    A path that exists is that path, whatever brackets it has. Folders that links lead to are entered once, behind all
    others, so that a folder that is there twice keeps its own name.

    Parameters
    ----------
    inputs : sequence of str
        Absolute paths and patterns.
    taken : callable
        Whether a file in a directory is taken, by path and status; files that an input names are.
    finished : callable, optional
        Which of some files were read to their end: they are counted and not kept, so that memory does not grow with
        them.

    Returns
    -------
    InputListing
        The files, and what was passed over and why.
    """
    walk = _Walk(taken, finished)
    for each in inputs:
        for path in named(each):
            walk.add(path)
        if is_pattern(each):
            walk.shut_folders(os.path.dirname(each))
    walk.follow_links()
    walk.sort_out()
    return walk.listing


class _Walk:
    def __init__(self, taken: Taken, finished: Finished | None) -> None:
        self.listing = InputListing()
        self._taken = taken
        self._finished = finished
        self._waiting: list[tuple[str, os.stat_result]] = []
        self._entered: set[tuple[int, int]] = set()
        self._links: list[str] = []

    def add(self, path: str) -> None:
        """What an input names: a file is taken whatever it is called, unless it is hidden."""
        try:
            status = os.stat(path)
        except OSError as error:
            self._problem(path, error)
            return
        if stat.S_ISDIR(status.st_mode):
            self._enter(path)
        elif is_hidden(os.path.basename(path)):
            self.listing.passed.add(HIDDEN, path)
        elif stat.S_ISREG(status.st_mode):
            self._take(path, status)
        else:
            self.listing.passed.add(passed_over.NO_FILE, path)

    def shut_folders(self, pattern: str) -> None:
        """Folders in which a pattern was to look and could not: glob says nothing of them."""
        last = os.path.basename(pattern)
        for folder in folders_below(named(os.path.dirname(pattern))) if last == "**" else named(pattern):
            if os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK):
                self.listing.passed.add(passed_over.FOLDER, folder, os.strerror(errno.EACCES))
        if is_pattern(pattern):
            self.shut_folders(os.path.dirname(pattern))

    def follow_links(self) -> None:
        """Enter the folders that links lead to, and those that links in them lead to."""
        while self._links:
            links, self._links = sorted(self._links), []
            for path in links:
                if not self._enter(path):
                    self.listing.passed.add(passed_over.SEEN, path)

    def _enter(self, top: str) -> bool:
        """Go through a folder and those in it; False if that was done before."""
        folders, new = [top], False
        while folders:
            folder = folders.pop()
            try:
                status = os.stat(folder)
                if (place := (status.st_dev, status.st_ino)) in self._entered:
                    continue
                self._entered.add(place)
                with os.scandir(folder) as entries:
                    for entry in entries:
                        self._entry(entry, folders)
            except FileNotFoundError:
                continue  # it was removed since it was listed
            except OSError as error:
                self.listing.passed.add(passed_over.FOLDER, folder, error.strerror)
            new = True
        return new

    def _entry(self, entry: os.DirEntry[str], folders: list[str]) -> None:
        try:
            folder = entry.is_dir()
            if entry.name.startswith((".", "_")) or (is_hidden(entry.name) and not folder):
                self.listing.passed.add(HIDDEN, entry.path)
            elif folder:
                (self._links if entry.is_symlink() else folders).append(entry.path)
            else:
                self._file(entry, entry.stat())
        except OSError as error:
            self._problem(entry.path, error)

    def _file(self, entry: os.DirEntry[str], status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            self.listing.passed.add(passed_over.NO_FILE, entry.path)
        elif self._taken(entry.path, status):
            self._take(entry.path, status)
        else:
            self.listing.passed.add(ending(entry.name), entry.path)

    def _take(self, path: str, status: os.stat_result) -> None:
        self._waiting.append((path, status))
        if len(self._waiting) >= _AT_ONCE:
            self.sort_out()

    def sort_out(self) -> None:
        """Keep what is waiting, but for what is known to have been read."""
        waiting, self._waiting = self._waiting, []
        known = self._finished(waiting) if self._finished else [False] * len(waiting)
        for (path, status), finished in zip(waiting, known, strict=True):
            if not finished:
                self.listing.files[path] = status
            else:
                self.listing.known += 1
                self.listing.known_bytes += status.st_size

    def _problem(self, path: str, error: OSError) -> None:
        passed = self.listing.passed
        if error.errno == errno.ELOOP:
            passed.add(passed_over.LOOP, path)
        elif not isinstance(error, FileNotFoundError):
            passed.add(passed_over.FILE, path, error.strerror)
        elif os.path.islink(path):
            passed.add(passed_over.DANGLING, path)
        # else it was removed since the folder was listed: there is nothing to say of it
