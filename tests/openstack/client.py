"""Drives the real os-xenapi client as nova does, in the Python of its environment.

    client.py ADDRESS

Opens a session with the xapi at ADDRESS, then makes the calls that standard input lists as JSON and writes what came of
each as JSON. A call is {"function": "host_glance.download_vhd", "arguments": {...}}, or of the session itself, as
"session.get_session_id"; functions that retry get "retries", and "endpoints", of which the next is named before every attempt, as nova's glance handler does it.
"""

from __future__ import print_function

import importlib
import json
import sys
import traceback

from os_xenapi.client import session as client

API_VERSION = 2


class TextPickle(object):
    """Pickles as texts, which is what xapi can carry: os-xenapi 0.3.4 leaves that to Python 2."""

    def __init__(self, pickle):
        self.pickle = pickle

    def dumps(self, value):
        return self.pickle.dumps(value, 0).decode('ascii')

    def loads(self, text):
        return self.pickle.loads(text.encode('ascii'))


def native(value):
    """Texts as nova has them in Python 2: bytes."""
    if isinstance(value, list):
        return [native(item) for item in value]
    if isinstance(value, dict):
        return dict((native(key), native(item)) for key, item in value.items())
    return value.encode('utf-8') if isinstance(value, type(u'')) and str is bytes else value


def perform(session, call):
    module, name = call['function'].split('.')
    if module == 'session':
        function = lambda _, **arguments: getattr(session, name)(**arguments)
    else:
        function = getattr(importlib.import_module('os_xenapi.client.' + module), name)
    outcome = {'attempts': [], 'retried': []}
    arguments = dict(call['arguments'])
    if 'endpoints' in call:
        endpoints = iter(call['endpoints'])

        def pick_glance(kwargs):
            kwargs['endpoint'] = next(endpoints)
            kwargs['api_version'] = call.get('api_version', API_VERSION)
            outcome['attempts'].append(kwargs['endpoint'])
            return kwargs['endpoint']

        def retry(exc=None):
            outcome['retried'].append(list(exc.details))

        arguments.update(num_retries=call['retries'], callback=pick_glance, retry_cb=retry)
    try:
        outcome['result'] = function(session, **arguments)
    except Exception as error:
        outcome['raised'] = type(error).__name__
        outcome['details'] = list(getattr(error, 'details', [])) or str(error)
        traceback.print_exc()
    return outcome


def main():
    if sys.version_info[0] > 2:
        client.pickle = TextPickle(client.pickle)
    session = client.XenAPISession('http://' + sys.argv[1], 'root', 'a-password')
    calls = native(json.load(sys.stdin))
    json.dump([perform(session, call) for call in calls], sys.stdout)


main()
