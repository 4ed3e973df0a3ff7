"""Historical bugs brought back into the Nova that runs here, each by the change of one function."""

import sys


def bug_1825537(manager):
    """Before commit ea297d6ffb the handler of finish_resize gave the claim back to the source."""
    delete = manager.ComputeManager._delete_allocation_after_move

    def revert_or_delete(self, context, instance, migration):
        if sys._getframe(1).f_code.co_name == 'finish_resize':
            return self._revert_allocation(context, instance, migration)
        return delete(self, context, instance, migration)

    manager.ComputeManager._delete_allocation_after_move = revert_or_delete


PATCHES = {'1825537': bug_1825537}
