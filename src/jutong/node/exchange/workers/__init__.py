"""Machines that carry out moves for one node: who is there, what each was given, and what it does with it.

Workers share the node's home by a common file system and nothing else, so all that is said between them are files:

``node/workers/<name>/beat.json``  what a worker is and a number that goes up while it lives
``node/workers/<name>/lock``       held by the one process that bears the name
``node/workers/<name>/jobs/``      one file a job the node gave it; the worker removes it when it lets go

Nobody's clock is compared with another's: a worker lives while its number changes before the node's eyes. A job taken
from a worker that is silent begins elsewhere only when the lock of the job's folder is free, and a target is written
only under the lock its session holds there. So a worker that comes back from a pause finds that it is too late, and
nothing is done twice.
"""
