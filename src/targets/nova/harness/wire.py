"""Requests to Placement: SchedulerReportClient's four verbs, served by the Placement in this process, with faults between."""

import json

from keystoneauth1 import exceptions as ks
import webob


class PlacementDied(BaseException):
    """Between Placement's two transactions: nothing of Placement may clean up behind it."""


class Answer:
    """What keystoneauth returns, as far as the report client looks at it."""

    def __init__(self, status, body, headers):
        self.status_code = status
        self.text = body
        self.content = body.encode()
        self.headers = headers

    def __bool__(self):
        return self.status_code < 400

    def json(self):
        return json.loads(self.text)


def refusal(status, code, detail):
    body = {'errors': [{'status': status, 'title': 'Conflict' if status == 409 else 'Error', 'detail': detail,
                        'code': code, 'request_id': 'req-claimcheck'}]}
    return Answer(status, json.dumps(body), {'content-type': 'application/json', 'x-openstack-request-id': 'req-claimcheck'})


PROXY = Answer(503, '<html><body>503 Service Unavailable</body></html>', {'content-type': 'text/html'})
CONSUMER_CONFLICT = refusal(
    409, 'placement.concurrent_update', 'There was a conflict when trying to complete your request. consumer generation conflict')
PROVIDER_CONFLICT = refusal(
    409, 'placement.concurrent_update', 'There was a conflict: another thread concurrently updated the data. Please retry.')
SERVER_ERROR = refusal(500, 'placement.undefined_code', 'The server has either erred or is incapable')


class Wire:
    def __init__(self, app, faults, names):
        self.app = app
        self.faults = faults
        self.jobs = faults.jobs
        # what a consumer's or provider's uuid stands for in a path
        self.names = names
        self.up = True
        self.replays = 0
        self.cut = False

    def send(self, method, url, data=None, version=None):
        """Past all faults: what the harness itself asks."""
        headers = {'X-Auth-Token': 'admin', 'Accept': 'application/json'}
        if version is not None:
            headers['OpenStack-API-Version'] = 'placement %s' % version
        request = webob.Request.blank(url, method=method, headers=headers)
        if data is not None:
            request.content_type = 'application/json'
            request.body = json.dumps(data).encode()
        response = request.get_response(self.app)
        return Answer(response.status_int, response.text, dict(response.headers))

    def ask(self, method, url, data, version):
        self.faults.behind()
        call = '%s %s' % (method, self.names(url))
        point = self.faults.at(call, {})
        if point is not None:
            self.faults.visit(point)
        for attempt in range(1 + self.replays):
            try:
                return self._exchange(point, method, url, data, version)
            except ks.ConnectFailure:
                if attempt == self.replays:
                    raise
            except ks.ConnectTimeout:
                if attempt == self.replays:
                    raise

    def _exchange(self, point, method, url, data, version):
        faults = self.faults
        kind = faults.strike(point) if point is not None else None
        if kind == 'crash-before':
            faults.crash()
        if kind == 'refused':
            self._told(point, method, url, data, 'connection refused')
            raise ks.ConnectFailure('Connection refused')
        if kind == 'timeout-before':
            self._told(point, method, url, data, 'time-out')
            raise ks.ConnectTimeout('Request timed out')
        answered = {'error-before': SERVER_ERROR, 'html-before': PROXY, 'conflict': CONSUMER_CONFLICT,
                    'provider-conflict': PROVIDER_CONFLICT}.get(kind)
        if answered is not None:
            self._told(point, method, url, data, answered)
            return answered
        if not self.up:
            self._told(point, method, url, data, 'connection refused')
            raise ks.ConnectFailure('Connection refused')
        self.cut = kind == 'placement-crash'
        try:
            answer = self.send(method, url, data, version)
        except PlacementDied:
            answer = None
        finally:
            self.cut = False
        if kind in ('reply-lost', 'placement-crash'):
            self._told(point, method, url, data, 'connection reset')
            raise ks.ConnectFailure('Connection reset by peer')
        if kind == 'timeout-after':
            self._told(point, method, url, data, 'time-out')
            raise ks.ConnectTimeout('Request timed out')
        if kind == 'error-after':
            answer = SERVER_ERROR
        if kind == 'html-after':
            answer = PROXY
        self._told(point, method, url, data, answer)
        if kind == 'crash-after':
            faults.crash()
        return answer

    def _told(self, point, method, url, data, answer):
        self.jobs.listener.request(self.jobs.current, point, method, url, data, answer)
