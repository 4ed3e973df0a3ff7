"""The harness: Nova in one process, driven by lines of JSON.

    <- {"points": [...], "bugs": [...]}      the table of failure points, and bugs to bring back; once, first
    -> {"ready": {"nova": "34.0.0", ...}}
    <- {"scenario": {...}, "trace": false}   plays a scenario in a fork of a process that has as many hosts
    -> {"play": {...}} or {"failed": "..."}
    <- {"used": true}                        CPU seconds of all these processes until now
    -> {"cpu": 12.3}

A play that hangs, dies or cannot be forked is one answer `failed`; the next scenario is played all the same.
"""

import gc
import json
import os
import resource
import select
import signal
import sys
import traceback

# libraries print: lines of JSON have a descriptor of their own
OUT = os.fdopen(os.dup(1), 'w', buffering=1)
os.dup2(2, 1)

from nova import monkey_patch  # noqa: E402

if hasattr(monkey_patch, 'patch'):
    # Nova 26 patches when it is imported
    monkey_patch.patch()

from nova.compute import manager  # noqa: E402

import bus as bus_module  # noqa: E402
import boundaries  # noqa: E402
import deployment as deployment_module  # noqa: E402
import faults as faults_module  # noqa: E402
import patches  # noqa: E402
import jobs as jobs_module  # noqa: E402
import moves as moves_module  # noqa: E402
import play as play_module  # noqa: E402
import shortcuts  # noqa: E402
import warm_up  # noqa: E402
import wire as wire_module  # noqa: E402

DEFAULT_LIMIT = 60


def say(what):
    OUT.write(json.dumps(what) + '\n')
    OUT.flush()


class Zygote:
    """A forked process with n hosts up, which plays each scenario in a fork of its own."""

    def __init__(self, nova, hosts):
        self.reader, child_writes = os.pipe()
        child_reads, self.writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.reader)
            os.close(self.writer)
            try:
                serve(nova, hosts, os.fdopen(child_reads), child_writes)
            finally:
                os._exit(0)
        os.close(child_reads)
        os.close(child_writes)

    def ask(self, line, limit):
        os.write(self.writer, (line + '\n').encode())
        return read_line(self.reader, limit)

    def end(self):
        for ending in (lambda: os.kill(self.pid, signal.SIGKILL), lambda: os.waitpid(self.pid, 0)):
            try:
                ending()
            except OSError:
                pass
        os.close(self.reader)
        os.close(self.writer)


def read_line(descriptor, limit):
    """A line, or None if it does not come in time or the other end is gone."""
    found = b''
    while not found.endswith(b'\n'):
        ready, _, _ = select.select([descriptor], [], [], limit)
        if not ready:
            return None
        read = os.read(descriptor, 1 << 20)
        if not read:
            return None
        found += read
    return found.decode()


def serve(nova, hosts, lines, out):
    deployment_module.reproducible(1)
    for h in range(hosts):
        nova.deployment.add_host('host-%d' % h)
    for line in lines:
        request = json.loads(line)
        answer = json.dumps(cpu_seconds()) if 'used' in request else isolated(nova, request)
        os.write(out, (answer + '\n').encode())


def cpu_seconds():
    """Of this process and of those that it waited for."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def isolated(nova, request):
    """Plays a scenario in a fork, and returns its answer as a line."""
    reader, writer = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        return json.dumps({'failed': 'no process could be forked: %s' % error})
    if pid == 0:
        os.close(reader)
        # all its memory goes with it; a collection would look at the whole of Nova, and a parked job is not to be collected
        gc.disable()
        try:
            answer = {'play': play_module.play(nova, request)}
        except BaseException:
            answer = {'failed': traceback.format_exc()}
        with os.fdopen(writer, 'w') as out:
            out.write(json.dumps(answer) + '\n')
        os._exit(0)
    os.close(writer)
    line = read_line(reader, request.get('limit', DEFAULT_LIMIT))
    os.close(reader)
    if line is None:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    _, status = os.waitpid(pid, 0)
    if line is not None:
        return line.rstrip('\n')
    ended = os.waitstatus_to_exitcode(status)
    return json.dumps({'failed': 'the process that played it ended with %d' % ended})


class Nova:
    """All parts of one deployment."""

    def __init__(self, points, bugs):
        for bug in bugs:
            patches.PATCHES[bug](manager)
        self.listener = play_module.Listener()
        self.jobs = jobs_module.Jobs(self.listener)
        self.moves = self.listener.moves = moves_module.Moves(self.jobs)
        self.moves.install()
        self.faults = faults_module.Faults(points, self.jobs, lambda service: self.crash(service))
        self.wire = wire_module.Wire(None, self.faults, play_module.shape_of(self))
        self.bus = bus_module.Bus(self.faults, play_module.service_of, play_module.HANDLERS)
        self.deployment = deployment_module.Deployment()
        self.deployment.prepare(self.jobs, self.bus, self.wire)
        shortcuts.install()
        names = set()
        for row in points:
            names |= faults_module.Point(row).names()
        boundaries.install(self.faults, names)
        self.names = None

    def crash(self, service):
        self.jobs.crash(service)

    def is_instance(self, uuid):
        """Of a consumer whose server's request has not been answered yet."""
        from nova import objects
        from nova import context
        return objects.Instance.get_by_uuid.__self__ is not None and bool(
            objects.InstanceMappingList.get_by_instance_uuids(context.get_admin_context(), [uuid]))


def main():
    first = json.loads(sys.stdin.readline())
    deployment_module.reproducible(1)
    nova = Nova(first['points'], first.get('bugs', []))
    warm_up.warm_up(nova)
    say({'ready': play_module.versions()})
    zygotes = {}
    for line in sys.stdin:
        request = json.loads(line)
        if 'used' in request:
            say({'cpu': cpu_seconds() + sum(json.loads(one.ask(json.dumps(request), DEFAULT_LIMIT)) for one in zygotes.values())})
            continue
        hosts = len(request['scenario']['cloud']['hosts'])
        if hosts not in zygotes:
            zygotes[hosts] = Zygote(nova, hosts)
        limit = request.get('limit', DEFAULT_LIMIT)
        answer = zygotes[hosts].ask(json.dumps(request), limit + 30)
        if answer is None:
            zygotes.pop(hosts).end()
            answer = json.dumps({'failed': 'the process with %d hosts died' % hosts})
        OUT.write(answer.rstrip('\n') + '\n')
        OUT.flush()
    for zygote in zygotes.values():
        zygote.end()


if __name__ == '__main__':
    # oslo.log would write what ends the process to a log that nobody reads
    sys.excepthook = sys.__excepthook__
    try:
        main()
    except Exception:
        sys.stderr.write(traceback.format_exc())
        sys.exit(1)
