"""Become another program under the platform's conditions. Run as a script, never imported by it.

Why this exists: between ``fork`` and ``exec`` little Python is safe, and what has to happen there is more than
``subprocess`` offers: give up root while keeping one capability, and ask the kernel to end us with our parent.
So the supervisor starts this file with a bare interpreter, and this file turns into the wanted program. The
process id stays the same. It uses the standard library only and reads nothing but its arguments.

Usage: ``python -I -S launch.py PARENT SIGNAL UID GID CAPABILITY PROGRAM [ARGUMENT...]``. UID -1 keeps the user;
CAPABILITY -1 keeps none. Exit code 125: the conditions could not be met, 127: the program could not be run.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_SET_NO_NEW_PRIVS = 38
SECBIT_NO_SETUID_FIXUP = 4
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION = 0x20080522
REFUSED = 125
NOT_FOUND = 127


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def drop(libc: ctypes.CDLL, uid: int, gid: int, capability: int) -> None:
    """Change to a user and group, with no supplementary groups and at most one capability."""
    if capability >= 0:
        # Without it the kernel takes the capability away for the length of every access(2), with which initdb
        # looks for its fellow programs.
        _check(libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0), "set secure bits")
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if capability >= 0:
        bit = 1 << capability
        sets = (_Sets * 2)()
        sets[0].effective = sets[0].permitted = sets[0].inheritable = bit
        _check(libc.capset(ctypes.byref(_Header(CAPABILITY_VERSION, 0)), sets), "set capabilities")
        _check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0), "raise capability")


def main(arguments: list[str]) -> int:
    """Meet the conditions, then become the program; return only when that failed."""
    parent, death_signal, uid, gid, capability = (int(text) for text in arguments[:5])
    program = arguments[5:]
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        if uid >= 0:
            drop(libc, uid, gid, capability)
        _check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
        # After the change of user: changing it clears the request.
        _check(libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0), "end with parent")
    except OSError as error:
        sys.stderr.write(f"launch: {error}\n")
        return REFUSED
    if os.getppid() != parent:
        sys.stderr.write("launch: the parent ended before this process was ready\n")
        return REFUSED
    os.umask(0o077)
    try:
        os.execv(program[0], program)  # noqa: S606 - a list of arguments, no shell
    except OSError as error:
        sys.stderr.write(f"launch: {program[0]}: {error}\n")
    return NOT_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
