"""Jobs: what a service does with one message, one greenlet each, run one at a time in the order in which they arrived.

The rules are those of the model's executor (src/engine/run.ts): a job runs until it ends, waits for a lock or for an answer,
is held, or its service dies. Nothing here knows Nova.
"""

import contextlib

import greenlet

RUNNING, QUEUED, BLOCKED, CALLING, HELD, LATE, DEAD, DONE = (
    'running', 'queued', 'blocked', 'calling', 'held', 'late', 'dead', 'done')


class Lost(Exception):
    """The callee died, or its answer did not come: the caller's time-out."""


class Job:
    def __init__(self, handler, service, operation, sequence, body):
        self.handler = handler
        self.service = service
        self.operation = operation
        self.sequence = sequence
        self.state = QUEUED
        self.caller = None
        self.callee = None
        self.reply_lost = False
        self.answer = None
        self.error = None
        self.hold = None
        self.until = None
        self.waits_for = None
        # not zero: what runs now is not part of the handler (a message that the model does not know)
        self.muted = 0
        # a fault that strikes behind a point that this job has come to: kind, point, the call that ends it, its error
        self.pending = None
        # the call that ends the point found last
        self.ends = None
        self.when_killed = None
        self._body = body
        self.greenlet = greenlet.greenlet(self._run)

    def _run(self):
        try:
            self.answer = self._body()
        except Exception as error:
            self.error = error
        self.state = DONE
        # the hub of eventlet adopts greenlets that slept: control goes back by name, never by falling off the end
        Jobs.instance.hub.switch()


class Lock:
    """A named lock of one service, in the place of lockutils' semaphores and fair locks, which would block the process."""

    def __init__(self, jobs, key):
        self._jobs = jobs
        self._key = key

    def __deepcopy__(self, _memo):
        # the provider tree of Nova 26 has its lock in it, and is copied
        return self

    def acquire(self, *_args, **_kwargs):
        self._jobs.acquire(self._key)
        return True

    def release(self):
        self._jobs.release(self._key)

    def __enter__(self):
        self.acquire()
        return self

    def __exit__(self, *_):
        self.release()

    @contextlib.contextmanager
    def write_lock(self):
        with self:
            yield

    read_lock = write_lock


class Jobs:
    instance = None

    def __init__(self, listener):
        Jobs.instance = self
        self.hub = greenlet.getcurrent()
        self.listener = listener
        self.current = None
        self.all = []
        # greenlets that nobody may collect: a collected one would run its `finally`s
        self.graveyard = []
        self.sequence = 0
        self.up = {}
        self.owners = {}
        self.broken_holds = 0

    # ---- making jobs

    def begin(self, handler, service, operation, body):
        self.sequence += 1
        job = Job(handler, service, operation, self.sequence, body)
        self.all.append(job)
        return job

    def call(self, handler, service, body, lost):
        """The current job waits for another service. Returns its answer, or raises what it raised or Lost."""
        caller = self.current
        callee = self.begin(handler, service, caller.operation, body)
        callee.sequence = caller.sequence
        callee.caller = caller
        callee.reply_lost = lost
        caller.callee = callee
        caller.state = CALLING
        self.listener.begun(callee)
        self._leave()
        if caller.error is not None:
            error, caller.error = caller.error, None
            raise error
        return caller.answer

    @contextlib.contextmanager
    def within(self, handler):
        """What the current job does here another handler does, called as a function: its points and its end are that one's."""
        job = self.current
        outer, job.handler = job.handler, handler
        self.listener.begun(job)
        try:
            yield
        except Exception as error:
            job.error = error
            raise
        finally:
            self.listener.ended(job)
            job.error = None
            self._release_for(job)
            job.handler = outer

    # ---- giving up control

    def _leave(self):
        job = self.current
        self.hub.switch()
        assert self.current is job

    def park(self, state):
        """The current job stops here until the schedule lets it go on."""
        self.current.state = state
        self._leave()

    def die(self):
        """The current job's service is dead: it never comes back."""
        self.hub.switch()
        raise AssertionError('a dead job was resumed')

    # ---- locks

    def lock(self, name):
        job = self.current
        return Lock(self, (job.service if job is not None else None, name))

    def acquire(self, key):
        job = self.current
        if job is None:
            return
        while self.owners.get(key) not in (None, job):
            job.waits_for = key
            self.park(BLOCKED)
        job.waits_for = None
        self.owners[key] = job

    def release(self, key):
        if self.owners.get(key) is self.current:
            self.owners.pop(key, None)

    def _locks_of(self, job):
        return [key for key, owner in self.owners.items() if owner is job]

    def _can_lock(self, job):
        return job.waits_for is None or job.waits_for not in self.owners

    # ---- schedule

    def _next(self):
        first = None
        for job in self.all:
            if job.state not in (RUNNING, QUEUED, BLOCKED):
                continue
            if first is not None and job.sequence >= first.sequence:
                continue
            if job.state == QUEUED and not self.up[job.service]:
                continue
            if not self._can_lock(job):
                continue
            first = job
        return first

    def quiesce(self):
        while True:
            job = self._next()
            if job is None:
                return
            if job.state == QUEUED and job.caller is None:
                self.listener.begun(job)
            job.state = RUNNING
            self.current = job
            job.greenlet.switch()
            self.current = None
            if job.state == DONE:
                self._finish(job)

    def drain(self, operation):
        """Runs to rest, then lets go what was held or late until this operation (Run.drain)."""
        while True:
            self.quiesce()
            job = self._waiting(operation)
            if job is None:
                return
            if job.state == HELD:
                broken = self._blocked(operation) or job.hold.handler is not None
                self._let_go(job, 'broken' if broken else 'released')
            else:
                job.state = QUEUED

    def _waiting(self, operation):
        blocked = self._blocked(operation)
        first = None
        for job in self.all:
            if job.state not in (HELD, LATE):
                continue
            due = not blocked and job.until <= operation
            in_the_way = blocked and job.state == HELD and self._keeps_locks(job)
            if (due or in_the_way) and (first is None or job.sequence < first.sequence):
                first = job
        return first

    def _keeps_locks(self, job):
        """The job, or one that waits for its reply (Run.keepsLocks)."""
        return bool(self._locks_of(job)) or (job.caller is not None and self._keeps_locks(job.caller))

    def _blocked(self, operation):
        return any(job.operation == operation and job.state == BLOCKED and not self._can_lock(job) for job in self.all)

    def release_all(self):
        while True:
            self.quiesce()
            waiting = [job for job in self.all if job.state in (HELD, LATE)]
            if not waiting:
                return
            job = min(waiting, key=lambda one: one.sequence)
            if job.state == HELD:
                self._let_go(job, 'released')
            else:
                job.state = QUEUED

    def _let_go(self, job, how):
        job.hold.state = how
        job.state = RUNNING
        self.listener.hold(job, how)

    # ---- ends

    def _finish(self, job):
        self.all.remove(job)
        self.listener.ended(job)
        self._release_for(job)
        caller = job.caller
        if caller is None:
            return
        caller.callee = None
        caller.state = RUNNING
        caller.answer = job.answer
        caller.error = Lost() if job.reply_lost else job.error

    def _release_for(self, job):
        """Lets go what was held until a job of this operation ran this handler."""
        for other in self.all:
            if other.state == HELD and other.hold.handler == job.handler and other.until == job.operation:
                self._let_go(other, 'released')

    def forget(self, service):
        """Nobody will take what still waits for the service."""
        for job in [one for one in self.all if one.service == service]:
            self._kill(job)

    def _kill(self, job):
        self.all.remove(job)
        self.graveyard.append(job)
        job.state = DEAD
        for key in self._locks_of(job):
            del self.owners[key]

    def crash(self, service):
        """A process dies with its jobs and locks; callers of what died get a time-out (Run.crash)."""
        self.up[service] = False
        self.listener.service(service, False)
        for job in [one for one in self.all if one.service == service]:
            if job.state == LATE:
                continue
            if job.callee is not None:
                job.callee.caller = None
            if job.state == HELD:
                job.hold.state = 'released'
            self._kill(job)
            self.listener.killed(job)
            if job.when_killed is not None:
                job.when_killed()
            caller = job.caller
            if caller is not None and caller.state == CALLING:
                caller.callee = None
                caller.state = RUNNING
                caller.answer, caller.error = None, Lost()
