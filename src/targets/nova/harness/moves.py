"""The course of each move, as Nova writes it into its database: what laws want to know of a move and no row keeps. The model
notes the same where it saves (src/nova/database.ts, "history")."""

from nova.db.main import api as main_db


class Moves:
    def __init__(self, jobs):
        self.jobs = jobs
        self.course = None

    def install(self):
        """Behind the functions through which nova.objects writes: what a fault kept from being written is not noted."""
        update, create, save = (
            main_db.instance_update_and_get_original, main_db.migration_create, main_db.migration_update)

        def instance_update(context, instance_uuid, values, *args, **kwargs):
            # _instance_update takes what it needs out of them
            written = dict(values)
            refs = update(context, instance_uuid, values, *args, **kwargs)
            self._note(lambda course, k: course.instance(k, refs[1], written))
            return refs

        def migration_create(context, values):
            row = create(context, values)
            self._note(lambda course, k: course.migration(k, row))
            return row

        def migration_update(context, migration_id, values):
            row = save(context, migration_id, values)
            self._note(lambda course, k: course.status(k, row, values))
            return row

        main_db.instance_update_and_get_original = instance_update
        main_db.migration_create = migration_create
        main_db.migration_update = migration_update

    def ended(self, job):
        """A delete confirms the move that it finds, and marks no migration before it does."""
        if self.course is not None and job.handler == 'compute.confirm_resize' and job.error is None:
            self.course.confirmed(job.operation)

    def _note(self, note):
        job = self.jobs.current
        if self.course is not None and job is not None:
            note(self.course, job.operation)


class Course:
    """Of one scenario."""

    def __init__(self, observer, operations):
        self.observer = observer
        self.names = observer.names
        self.operations = operations
        self.moves = []

    def _of(self, k):
        for move in self.moves:
            if move['operation'] == k:
                return move
        return None

    def _accepted(self, k, uuid):
        """Something was written for the move: from now on it is the server's last, and this was before it."""
        operation = self.operations[k]
        if self._of(k) is not None or operation['operation'] not in (
                'resize', 'cold_migrate', 'live_migrate', 'evacuate', 'unshelve'):
            return
        server = self.names.server(uuid)
        if server is None or operation['server'] != server:
            return
        picture = self.observer.picture()
        row = next(one for one in picture['instances'] if one['server'] == server)
        self.moves.append({
            'operation': k, 'server': server, 'migration': None, 'source': row['host'], 'old_flavor': row['flavor'],
            'new_flavor': operation.get('flavor', row['flavor']), 'flipped': False, 'committed': False,
            'decision': None, 'before': picture['allocations'].get(server, {})})

    def instance(self, k, row, values):
        if values.get('task_state') in ('resize_prep', 'migrating', 'rebuilding', 'unshelving'):
            self._accepted(k, row['uuid'])
        move = self._of(k)
        if move is None or self.names.server(row['uuid']) != move['server']:
            return
        if 'host' in values:
            move['flipped'] = True
            if self.operations[k]['operation'] in ('live_migrate', 'evacuate'):
                move['committed'] |= self.names.host(values['host']) not in (None, move['source'])
        if row['vm_state'] == 'resized':
            self._commit(move, row['uuid'])
        if self.operations[k]['operation'] == 'unshelve' and row['vm_state'] == 'active' and row['host'] is not None:
            move['committed'] = True

    def migration(self, k, row):
        self._accepted(k, row['instance_uuid'])
        move = self._of(k)
        if move is not None:
            move['migration'] = row['uuid']

    def status(self, k, row, values):
        status = values.get('status')
        move = self._of(k)
        if status == 'finished' and move is not None:
            self._commit(move, row['instance_uuid'])
        if status in ('confirming', 'reverting'):
            self._decide(self.names.server(row['instance_uuid']), 'revert' if status == 'reverting' else 'confirm')

    def _decide(self, server, decision):
        last = next((one for one in reversed(self.moves) if one['server'] == server), None)
        if last is not None:
            last['decision'] = decision

    def confirmed(self, k):
        operation = self.operations[k]
        if operation['operation'] == 'delete':
            self._decide(operation['server'], 'confirm')

    def _commit(self, move, uuid):
        """The migration is finished and the instance resized, whichever came first."""
        states = self.observer.states(uuid, move['migration'])
        if states == ('resized', 'finished'):
            move['committed'] = True

    def told(self):
        """With the names that the picture has for migrations."""
        return [dict(move, migration=self.observer.consumers.get(move['migration'])) for move in self.moves]
