"""The message bus: oslo.messaging's transport replaced by jobs. A cast becomes a job of its own, a call one that is waited for.

Messages go through Nova's own serializers and oslo.messaging's dispatcher; exceptions of a callee come back as over a wire.
"""


import oslo_messaging as messaging
from oslo_messaging import exceptions as messaging_exceptions
from oslo_messaging._drivers import common
from oslo_messaging.rpc import dispatcher
from oslo_messaging import transport
from oslo_serialization import jsonutils

from nova import rpc
from nova import service
from nova.tests.fixtures.nova import CheatingSerializer

import jobs as j


def check_type(message):
    """Of a rebuild, about which the scheduler is asked where the server is: what is to be checked there."""
    spec = message['args'].get('spec_obj')
    hints = spec.get('nova_object.data', {}).get('scheduler_hints') if isinstance(spec, dict) else None
    return (hints or {}).get('_nova_check_type', [None])[0]


class Incoming:
    client_timeout = None

    def __init__(self, ctxt, message):
        self.ctxt = ctxt
        self.message = message


class Server:
    """What rpc.get_server returns."""

    def __init__(self, bus, target, rpc_dispatcher):
        self._bus = bus
        self._key = (target.topic, target.server)
        self._dispatcher = rpc_dispatcher

    def start(self):
        self._bus.servers[self._key] = self._dispatcher

    def stop(self):
        self._bus.servers.pop(self._key, None)

    def wait(self):
        pass


class Bus:
    """
    :param services: a service by (topic, server or None): its name among the jobs
    :param handlers: a handler by (kind of service, method)
    """

    def __init__(self, faults, service_of, handlers):
        self.faults = faults
        self.jobs = faults.jobs
        self.servers = {}
        self._service_of = service_of
        self._handlers = handlers

    def install(self):
        def get_server(target, endpoints, serializer=None):
            # contexts carry the cell's connection, as the databases of Nova's functional tests want it
            serializer = CheatingSerializer(serializer)
            return Server(self, target, dispatcher.RPCDispatcher(
                endpoints, serializer, dispatcher.DefaultRPCAccessPolicy))

        rpc.get_server = get_server

        def _send(_transport, target, ctxt, message, wait_for_reply=None, **_):
            # what goes over a wire is no longer shared
            message = jsonutils.loads(jsonutils.dumps(message))
            return (self.call if wait_for_reply else self.cast)(target, dict(ctxt), message)

        transport.Transport._send = _send

    def adopt(self, host, manager):
        """What a dead process left on the bus is the new one's."""
        for (_, server), found in self.servers.items():
            if server == host:
                wrapper = getattr(service, '_TrackingEndpointWrapper', None)
                found.endpoints = [manager if wrapper is None else wrapper(manager), *found.endpoints[1:]]

    def _server(self, target):
        if target.server is not None:
            return self.servers.get((target.topic, target.server))
        for (topic, _), found in self.servers.items():
            if topic == target.topic:
                return found
        return None

    def _body(self, target, ctxt, message):
        def body():
            server = self._server(target)
            if server is None:
                raise RuntimeError('nobody serves %s of %s' % (target, sorted(map(str, self.servers))))
            try:
                return server.dispatch(Incoming(ctxt, message))
            except messaging.ExpectedException as expected:
                raise expected.exc_info[1]

        return body

    def _inline(self, target, ctxt, message):
        """A message that the model does not know is taken in at once, without points of its own."""
        job = self.jobs.current
        if target.fanout or self._server(target) is None or not self.jobs.up[self._service_of(target)]:
            return None
        if job is not None:
            job.muted += 1
        try:
            return self._body(target, ctxt, message)()
        finally:
            if job is not None:
                job.muted -= 1

    def _struck(self, sent, facts):
        """The point at which a message lies, if any, and the fault that strikes it. A crash before it is sent ends the job here."""
        self.faults.behind()
        point = self.faults.at(sent, facts)
        if point is None:
            return None, None
        self.faults.visit(point)
        kind = self.faults.strike(point)
        if kind == 'crash-before':
            self.faults.crash()
        return point, kind

    def cast(self, target, ctxt, message):
        method = message['method']
        service = self._service_of(target)
        handler = self._handlers.get((target.topic, method))
        job = self.jobs.current
        if job is None or job.muted or target.fanout or handler is None:
            self._inline(target, ctxt, message)
            return
        point, kind = self._struck('cast %s' % method, {})
        if kind == 'refused':
            self.jobs.listener.step(job, point, 'refused')
            raise messaging_exceptions.MessageDeliveryFailure('the message bus refused the connection')
        body = self._body(target, ctxt, message)
        if kind == 'late':
            late = self.jobs.begin(handler, service, job.operation, body)
            late.state, late.until = j.LATE, job.operation + 1
        elif kind != 'lost':
            # a queue that nobody reads expires: what is sent to a dead service is lost
            for _ in range(2 if kind == 'doubled' else 1):
                if kind == 'doubled' or self.jobs.up[service]:
                    self.jobs.begin(handler, service, job.operation, body)
        if point is not None:
            self.jobs.listener.step(job, point, kind)
        if kind == 'crash-after':
            self.faults.crash()

    def call(self, target, ctxt, message):
        method = message['method']
        service = self._service_of(target)
        checked = check_type(message)
        asked = (target.topic, method) if checked is None else (target.topic, method, checked)
        handler = self._handlers.get(asked)
        job = self.jobs.current
        if job is None or job.muted or handler is None:
            return self._inline(target, ctxt, message)
        point, kind = self._struck('call %s' % method, {'check_type': checked})
        if kind == 'refused':
            raise messaging_exceptions.MessageDeliveryFailure('the message bus refused the connection')
        if kind == 'lost' or not self.jobs.up[service]:
            raise messaging_exceptions.MessagingTimeout('no answer to %s' % method)
        body = self._body(target, ctxt, message)
        if kind == 'timeout-during':
            self.jobs.begin(handler, service, job.operation, body)
            raise messaging_exceptions.MessagingTimeout('no answer to %s' % method)
        if kind == 'crash-after':
            callee = self.jobs.begin(handler, service, job.operation, body)
            callee.sequence = job.sequence
            self.faults.crash()
        try:
            answer = self.jobs.call(handler, service, body, lost=kind == 'timeout-after')
        except j.Lost:
            if point is not None:
                self.jobs.listener.step(job, point, 'time-out')
            raise messaging_exceptions.MessagingTimeout('no answer to %s' % method)
        except Exception as error:
            # what a callee raised comes back as oslo.messaging's drivers bring it
            failure = common.serialize_remote_exception((type(error), error, error.__traceback__))
            remote = common.deserialize_remote_exception(failure, rpc.get_allowed_exmods())
            if point is not None:
                self.jobs.listener.step(job, point, remote)
            raise remote
        if point is not None:
            self.jobs.listener.step(job, point, None)
        return answer
