"""Zuul's own schemas of jobs and projects, on the files named. Says what they refuse."""

import sys

import voluptuous
import yaml
from zuul.configloader import JobParser, ProjectParser

SCHEMAS = {"job": JobParser.schema, "project": ProjectParser(None).schema}


def main(paths):
    wrong = []
    for path in paths:
        with open(path) as file:
            stanzas = yaml.safe_load(file)
        for stanza in stanzas:
            ((kind, content),) = stanza.items()
            try:
                SCHEMAS[kind](content)
            except voluptuous.MultipleInvalid as error:
                wrong += [f"{path}: {kind} {content.get('name')}: {one}" for one in error.errors]
    print("\n".join(wrong) or "ok")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
