"""What the libraries below Nova compute again at each call though it is the same each time, computed once. Nothing here knows a
scenario, and no answer of Nova or Placement is kept: each shortcut returns what the function in whose place it stands returns."""

import copy
import functools
import inspect
import types
import weakref

import jsonschema
import sqlalchemy as sa
from oslo_config import cfg
from oslo_db.sqlalchemy import engines
from oslo_policy import policy
from oslo_versionedobjects import base
from oslo_versionedobjects import fields
from sqlalchemy import orm

from nova.api.validation import validators

# copy._deepcopy_atomic
ATOMS = (type(None), bool, int, float, str)


def install():
    """Once all of Nova's objects are registered."""
    _know_fields()
    _know_aliases()
    _know_loads()
    _know_schemas()
    _know_signatures()
    _know_policies()


# ---- oslo.versionedobjects

def _know_fields():
    """A field's value is kept under a name that base._get_attrname makes of the field's at each access."""
    # as they come from base._make_class_properties; a property that a class makes itself stays
    made = ('_make_class_properties.<locals>.getter', '_make_class_properties.<locals>.setter')
    seen = set()
    for versions in base.VersionedObjectRegistry.obj_classes().values():
        for cls in versions:
            for owner in (one for one in cls.__mro__ if one not in seen and 'fields' in vars(one)):
                seen.add(owner)
                for name, field in owner.fields.items():
                    own = vars(owner).get(name)
                    if isinstance(own, property) and tuple(getattr(f, '__qualname__', None) for f in (own.fget, own.fset)) == made:
                        setattr(owner, name, _property(name, field, own))
    versioned = base.VersionedObject
    versioned.obj_attr_is_set = _obj_attr_is_set(versioned.obj_attr_is_set)
    versioned.obj_what_changed = _obj_what_changed(versioned.obj_what_changed)
    versioned.__deepcopy__ = _deepcopy


class _Field(property):
    """One that reads and writes its attribute and nothing else."""


def _property(name, field, own):
    attribute = base._get_attrname(name)

    def getter(self):
        try:
            return getattr(self, attribute)
        except AttributeError:
            pass
        self.obj_load_attr(name)
        return getattr(self, attribute)

    def setter(self, value):
        coerced = field.coerce(self, name, value)
        self._changed_fields.add(name)
        setattr(self, attribute, coerced)

    return _Field(getter, own.fset if field.read_only else setter, own.fdel)


def _obj_attr_is_set(refuse):
    """`obj_fields` makes a list of all names, in which one is looked for."""
    attributes = _Attributes()

    def obj_attr_is_set(self, attrname):
        if attrname not in self.fields and attrname not in self.obj_extra_fields:
            return refuse(self, attrname)
        return hasattr(self, attributes[attrname])

    return obj_attr_is_set


class _Attributes(dict):
    def __missing__(self, name):
        attribute = self[name] = base._get_attrname(name)
        return attribute


@functools.cache
def _objects(cls):
    """Attributes of the fields that hold objects, by field, or None if a field is read in a way of the class's own."""
    if not all(isinstance(getattr(cls, name, None), _Field) for name in cls.fields):
        return None
    return [(name, base._get_attrname(name)) for name, field in cls.fields.items() if isinstance(field._type, fields.Object)]


def _obj_what_changed(ask_all):
    """Only an object can have changed behind its field's back: what else is held need not be asked for."""

    def obj_what_changed(self):
        objects = _objects(type(self))
        if objects is None:
            return ask_all(self)
        changes = {field for field in self._changed_fields if field in self.fields}
        values = vars(self)
        for field, attribute in objects:
            value = values.get(attribute)
            if isinstance(value, base.VersionedObject) and value.obj_what_changed():
                changes.add(field)
        return changes

    return obj_what_changed


def _deepcopy(self, memo):
    """base.VersionedObject.__deepcopy__, past `copy.deepcopy` where it returns what it is given."""
    copied = self.__class__()
    memo[id(self)] = copied
    copied._context = self._context
    for name in self.fields:
        if self.obj_attr_is_set(name):
            value = getattr(self, name)
            setattr(copied, name, value if type(value) in ATOMS else copy.deepcopy(value, memo))
    copied._changed_fields = set(self._changed_fields)
    return copied


# ---- SQLAlchemy

def _know_aliases():
    """Placement names its tables anew in each query, and SQLAlchemy copies all their columns for each name. A table's alias is
    never changed, and two of one name in a query would be the same table to the database."""
    alias = sa.alias
    known = {}

    def remembered(selectable, name=None, flat=False):
        if name is None or flat or not isinstance(selectable, sa.Table):
            return alias(selectable, name=name, flat=flat)
        key = (selectable, name)
        if key not in known:
            known[key] = alias(selectable, name=name)
        return known[key]

    sa.alias = remembered


def _know_loads():
    """The columns that Nova's queries load with a row: an option is never changed, only copied with more in it."""
    load = orm.joinedload
    known = {}

    def joinedload(*attributes, **how):
        if how:
            return load(*attributes, **how)
        # attributes of a model compare as SQL: by identity, as long as they are kept here
        key = tuple(map(id, attributes))
        if key not in known:
            known[key] = (load(*attributes), attributes)
        return known[key][0]

    orm.joinedload = joinedload


def keep_connections():
    """Before the databases are made. A database in memory is its one connection, which no network can break and no server closes:
    it is not asked whether it is alive before each use, and BEGIN goes to it without SQLAlchemy's way around a statement. Nor
    does a greenthread that gives one back let others run first (oslo.db's thread_checkin): jobs.py says which runs."""
    create = engines.create_engine

    def create_engine(*args, **kwargs):
        engine = create(*args, **dict(kwargs, thread_checkin=False))
        engine.pool._pre_ping = False
        for listener in list(engine.dispatch.begin):
            if listener.__name__ == '_sqlite_emit_begin':
                sa.event.remove(engine, 'begin', listener)
                sa.event.listen(engine, 'begin', _begin)
        _join_once(engine)
        return engine

    engines.create_engine = create_engine
    sa.event.listen(sa.engine.Engine, 'do_connect', _remember_statements)


def _join_once(engine):
    """Each connection joins the listeners of its engine to its own, of which none here has any. The engine's come and go through
    what they were joined to."""
    cls = type(engine.dispatch)
    join, shared = cls._join, []

    def joined(dispatch, other):
        if other is not engine.dispatch or dispatch._instance_cls is not sa.engine.Connection:
            return join(dispatch, other)
        if not shared:
            shared.append(join(dispatch, other))
        return shared[0]

    cls._join = joined


def _remember_statements(_dialect, _record, _arguments, named):
    """sqlite3 keeps the last 128 statements of a connection parsed; Nova and Placement have more than that."""
    named['cached_statements'] = 4096


def _begin(connection):
    """engines._init_events: _sqlite_emit_begin"""
    if 'in_transaction' not in connection.info:
        connection.connection.driver_connection.execute('BEGIN')
        connection.info['in_transaction'] = True


# ---- jsonschema

def _know_schemas():
    """`jsonschema.validate` holds the schema itself against the schema of schemas each time, and Nova's API makes a class of
    validators for each request; their schemas are constants of modules. A schema that is found wrong raises each time."""
    for cls in (jsonschema.Draft4Validator, jsonschema.Draft7Validator, jsonschema.Draft202012Validator):
        cls.check_schema = staticmethod(_by_schema(cls.check_schema))
    validators._SchemaValidator = _by_schema(validators._SchemaValidator)


def _by_schema(make):
    # by identity, which no other schema has as long as this one is kept here
    known = {}

    def remembered(schema, *args, **kwargs):
        key = (id(schema), args, *kwargs.items())
        if key not in known:
            known[key] = (make(schema, *args, **kwargs), schema)
        return known[key][0]

    return remembered


# ---- inspect

def _know_signatures():
    """oslo.middleware asks at each request, and oslo.policy at each check of a rule, how many arguments their own function takes. A
    function's signature is part of its code; nobody writes into what is answered."""
    inspect.getfullargspec = _of_function(inspect.getfullargspec)


def _of_function(ask):
    known = weakref.WeakKeyDictionary()

    def getfullargspec(func):
        function = getattr(func, '__func__', func)
        if not isinstance(function, types.FunctionType):
            return ask(func)
        if function not in known:
            known[function] = ask(func)
        return known[function]

    return getfullargspec


# ---- oslo.policy

def _know_policies():
    """Each check of a rule looks for the files of policies in all directories of configuration. None comes while Nova runs here."""
    find = policy.Enforcer._get_policy_path
    known = {}

    def _get_policy_path(self, path):
        key = (id(self.conf), path)
        if key not in known:
            try:
                known[key] = find(self, path), None
            except cfg.ConfigFilesNotFoundError as error:
                known[key] = None, error.config_files
        found, missing = known[key]
        if missing is not None:
            raise cfg.ConfigFilesNotFoundError(missing)
        return found

    policy.Enforcer._get_policy_path = _get_policy_path
