"""Failure points on Nova: at which call of Nova's each lies, and what a fault does there.

The table of points comes from `claimcheck list failure-points --json`; its column `call` is read here and nowhere else:

    Instance.save task_state=resize_prep      a method, and what must be true of the call
    GET /allocations/{migration}              a request to Placement
    cast prep_resize, call select_destinations
    driver.finish_migration, neutron.migrate_instance_start, cinder.attachment_complete

Of several points of one handler whose call fits, the one whose function of Nova (column `nova`) is innermost on the stack is
meant.
"""

import sys

from jobs import HELD


class Call:
    """`Class.method field=value in=function`: the name of a call, and what must be true of it."""

    def __init__(self, text):
        words = text.split()
        self.name = ' '.join(word for word in words if '=' not in word)
        self.when = dict(word.split('=', 1) for word in words if '=' in word)
        self.around = self.when.pop('in', None)
        self.apart = self.when.pop('out', '').split(',')

    def fits(self, facts):
        return all(key in facts and str(facts[key]) in value.split(',') for key, value in self.when.items())


class Point:
    def __init__(self, row):
        self.id = row['id']
        self.touches = row['touches']
        self.handlers = row['handlers']
        self.within = row['nova'].rpartition(':')[2].rpartition('.')[2]
        # each with where it ends, or None: with the call itself
        self.calls = []
        # where InstanceFaultRollback is raised, if that is before anything is set
        self.early = None
        for one in row['call'].split(' | ') if isinstance(row['call'], str) else ():
            first, _, last = one.partition(' .. ')
            if first.startswith('early '):
                self.early = first.removeprefix('early ')
                first = self.early
            self.calls.append((Call(first), Call(last) if last else None))

    def names(self):
        return {call.name for pair in self.calls for call in pair if call is not None}


class Hold:
    def __init__(self, spec):
        self.operation = spec['operation']
        self.point = spec['point']
        self.nth = spec['nth']
        self.until = spec['until']
        self.handler = spec.get('handler')
        self.hits = 0
        self.state = 'did not strike'


class Fault:
    def __init__(self, spec):
        self.operation = spec['operation']
        self.point = spec['point']
        self.kind = spec['kind']
        self.nth = spec['nth']
        self.times = spec['times']
        self.hits = 0
        self.fired = 0


class Faults:
    def __init__(self, rows, jobs, crash):
        self.jobs = jobs
        self._crash = crash
        self.listener = jobs.listener
        self.armed = True
        self.faults = []
        self.holds = []
        self.visited = {}
        self._by_handler = {}
        for row in rows:
            point = Point(row)
            for handler in point.handlers:
                for first, last in point.calls:
                    by_call = self._by_handler.setdefault(handler, {})
                    by_call.setdefault(first.name, []).append((point, first, last))

    def arm(self, faults, holds):
        self.faults = [Fault(spec) for spec in faults]
        self.holds = [Hold(spec) for spec in holds]

    # ---- which point

    def at(self, name, facts):
        """The point that this call of the current job is, or None."""
        job = self.jobs.current
        if job is None or job.muted:
            return None
        candidates = [
            one for one in self._by_handler.get(job.handler, {}).get(name, ()) if one[1].fits(facts)
        ]
        if not candidates:
            return None
        method = name.rpartition('.')[2]
        functions = []
        frame = sys._getframe(2)
        while frame is not None:
            functions.append(frame.f_code.co_qualname.split('.'))
            frame = frame.f_back
        around = {function for names in functions for function in names}
        candidates = [
            one for one in candidates
            if (one[1].around is None or one[1].around in around) and around.isdisjoint(one[1].apart)
        ]
        for names in functions:
            for point, _, last in candidates:
                # the request of a user begins before the function that serves it
                if point.within in names or point.touches == 'request':
                    job.ends = last
                    return point
        # the function that the step mirrors is the one that is called, or a message
        for point, _, last in candidates:
            if point.within == method or name.startswith(('cast ', 'call ')):
                job.ends = last
                return point
        return None

    # ---- what happens there

    def _hold(self, job, point):
        for hold in self.holds:
            if hold.point != point.id or hold.operation != job.operation:
                continue
            hold.hits += 1
            if hold.hits != hold.nth:
                continue
            hold.state = 'struck'
            job.hold = hold
            job.until = hold.until
            self.listener.hold(job, 'held', point)
            self.jobs.park(HELD)
            return

    def visit(self, point):
        """The current job comes to a point, and waits there if it is to be held."""
        self.visited[point.id] = self.visited.get(point.id, 0) + 1
        if self.armed:
            self._hold(self.jobs.current, point)

    def strike(self, point, name=None):
        """Counts a visit for the faults, and returns the kind of the one that is due, or None."""
        job = self.jobs.current
        due = None
        if not self.armed:
            return None
        for fault in self.faults:
            if fault.point != point.id or fault.operation != job.operation:
                continue
            if point.early is not None and (fault.kind == 'fault-rollback') != (name == point.early):
                continue
            fault.hits += 1
            if due is not None or not fault.nth <= fault.hits < fault.nth + fault.times:
                continue
            due = fault.kind
            fault.fired += 1
            self.listener.fault(job, point, due)
        return due

    def crash(self):
        """The service of the current job dies here."""
        self._crash(self.jobs.current.service)
        self.jobs.die()

    def behind(self):
        """At a point: what was to strike behind an earlier one and has not, strikes now."""
        job = self.jobs.current
        if job is None or job.muted or job.pending is None:
            return
        kind, point, _, errors = job.pending
        job.pending = None
        if kind == 'crash-after':
            self.crash()
        raise errors(kind, point)

    def cross(self, name, facts, proceed, errors):
        """A call that is neither a message nor a request to Placement, under the fault that is due there."""
        job = self.jobs.current
        if job is None or job.muted:
            return proceed()
        point = self.at(name, facts)
        if point is None:
            answer = proceed()
            if job.pending is not None and job.pending[2] is not None:
                last = job.pending[2]
                if last.name == name and last.fits(facts):
                    self.behind()
            return answer
        ends = job.ends
        self.behind()
        if name != point.early:
            self.visit(point)
        kind = self.strike(point, name)
        if kind is None and name == point.early:
            return proceed()
        if kind == 'crash-before':
            self.crash()
        if kind in ('crash-after', 'error-after') and (ends is not None or point.touches == 'request'):
            job.pending = (kind, point, ends, errors)
            return self._told(point, proceed)
        if kind is None:
            return self._told(point, proceed)
        if kind == 'crash-after':
            try:
                self._told(point, proceed)
            except Exception:
                pass
            self.crash()
        if kind == 'error-after':
            self._told(point, proceed)
        raise errors(kind, point)

    def _told(self, point, proceed):
        try:
            answer = proceed()
        except Exception as error:
            self.listener.step(self.jobs.current, point, error)
            raise
        self.listener.step(self.jobs.current, point, None)
        return answer
