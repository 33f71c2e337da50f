"""A client of the plugins, in any Python from 2.7 on: writes calls as xapi does, and reads the answers.

    exchange.py samples          calls of echo, one for each sample value in each protocol and spelling
    exchange.py check-samples    reads their answers, in order; says which value came back changed
    exchange.py versions         calls of get_version in each protocol
    exchange.py check-versions   reads their answers
    exchange.py hostile          calls whose pickles are not data
    exchange.py calls            reads requests, {"function": ..., "args": [...], "kwargs": {...}, "protocol": n} as JSON;
                                 writes a call for each, empty where this Python has no such protocol
    exchange.py results          reads their answers; writes the results as JSON
    exchange.py layout           reads texts; writes the answers that XenAPIPlugin would give with them

Calls, answers and texts travel as one JSON list of strings on stdout or stdin.
"""

import base64
import datetime
import decimal
import io
import json
import os
import pickle
import sys

if sys.version_info[0] == 2:
    import cPickle
    import copy_reg as copyreg
    import xmlrpclib
    PICKLERS = [pickle, cPickle]
else:
    import copyreg
    import xmlrpc.client as xmlrpclib
    PICKLERS = [pickle]

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def element(name, text):
    """As xen-api's ocaml/libs/xml-light2/xml.ml writes it."""
    if not text.strip():
        return u'<%s/>' % name
    for plain, entity in ((u'&', u'&amp;'), (u'<', u'&lt;'), (u'>', u'&gt;'), (u'"', u'&quot;')):
        text = text.replace(plain, entity)
    text = u''.join(c for c in text if c >= u' ' or c in u'\t\n\r')
    return u'<%s>%s</%s>' % (name, text, name)


def call(function, arguments):
    members = u''.join(u'<member>%s%s</member>' % (element(u'name', name), element(u'value', value))
                       for name, value in arguments)
    return (u'<methodCall>%s<params><param>%s</param><param><value><struct>%s</struct></value></param></params>'
            u'</methodCall>' % (element(u'methodName', function), element(u'value', u'OpaqueRef:of-python'), members))


def call_pickled(function, pickled, as_text):
    text = pickled.decode('latin-1') if as_text else base64.b64encode(pickled).decode('ascii')
    return call(function, [(u'params', text), (u'host_uuid', u'4a3c0c3c-0000-4000-8000-000000000000')])


def samples():
    shared = {'k': ['v']}
    yield list([None, True, False, 0, -1, 255, 256, 65536, 2 ** 31, -2 ** 31 - 1, 2 ** 63, -2 ** 200, 10 ** 100])
    yield list([0.0, -0.1, 1e16, 1e-300, float('inf')])
    yield list(['', 'plain', 'it\'s "quoted"', 'back\\slash \\u0041 \\x41', 'tab\tnewline\nbell\x07nul\x00'])
    yield list([u'', u'caf\xe9', u'\u20ac \\u0041 \\', u'\U0001F600', u'\xff\x80\n', u'x' * 70000])
    yield list([b'', b'\x00\xff', b'\xff' * 300])
    yield list([[], (), {}, [[]], ((),), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [1, [2, (3, {'a': 4})]]])
    yield list([{'a': 1, 2: 'b', (3, 'c'): None, None: True}, [shared, shared, (shared,)], list(range(2000))])
    yield {'sr_path': '/var/run/sr-mount/x', 'uuid_stack': ['a', 'b'], 'extra_headers': {'X': 'y'}}


def sample_calls():
    """Every sample, with how it travels: (value, call)."""
    for value in samples():
        for pickler in PICKLERS:
            for protocol in PROTOCOLS:
                pickled = pickler.dumps({'args': (value,), 'kwargs': {}}, protocol)
                yield value, call_pickled(u'echo', pickled, False)
                if all(byte >= 32 or byte in (9, 10) for byte in bytearray(pickled)):
                    # Nothing that xapi drops or changes on the way: protocol 0, most of the time.
                    yield value, call_pickled(u'echo', pickled, True)


def native(value):
    """What came as JSON, with texts as this Python's programs have them: os-xenapi sends bytes in Python 2."""
    if isinstance(value, list):
        return [native(item) for item in value]
    if isinstance(value, dict):
        return dict((native(key), native(item)) for key, item in value.items())
    return value.encode('utf-8') if isinstance(value, type(u'')) and str is bytes else value


def request_calls(requests):
    for request in map(json.loads, requests):
        if request['protocol'] not in PROTOCOLS:
            yield ''
            continue
        parameters = {'args': tuple(native(request['args'])), 'kwargs': native(request['kwargs'])}
        pickled = PICKLERS[-1].dumps(parameters, request['protocol'])
        yield call_pickled(request['function'], pickled, request['protocol'] == 0)


def result_of(answer):
    (answer,), _ = xmlrpclib.loads(answer.encode('utf-8'))
    if answer['Status'] != 'Success':
        raise ValueError(answer['ErrorDescription'])
    pickled = answer['Value'].encode('ascii') if not isinstance(answer['Value'], bytes) else answer['Value']
    results = [pickler.loads(pickled) for pickler in PICKLERS]
    if any(repr(result) != repr(results[0]) for result in results):
        raise ValueError('picklers disagree: %r' % (results,))
    return results[0]


def same(one, other):
    """Equal, and neither a list for a tuple nor an int for a bool."""
    if isinstance(one, (list, tuple, bool)) and type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other))
    if isinstance(one, dict):
        return set(one) == set(other) and all(same(one[key], other[key]) for key in one)
    return one == other


def check(answers, expected):
    expected = list(expected)
    if len(answers) != len(expected):
        sys.exit('%d answers to %d calls' % (len(answers), len(expected)))
    for answer, value in zip(answers, expected):
        try:
            result = result_of(answer)
        except Exception as error:
            sys.exit('%.200r: %s: %s' % (value, type(error).__name__, error))
        if not same(value, result):
            sys.exit('%.200r came back as %.200r' % (value, result))


class Evil(object):
    def __reduce__(self):
        return os.system, ('touch /tmp/vhd-porter-was-fooled',)


class Instance(object):
    def __init__(self):
        self.a = 1


class OldStyle:
    def __init__(self):
        self.a = 1


class Extension(object):
    pass


copyreg.add_extension('__main__', 'Extension', 200)


def persistent(protocol):
    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return 'id' if thing == 'persist' else None
    stream = io.BytesIO()
    Pickler(stream, protocol).dump({'args': ('persist',), 'kwargs': {}})
    return stream.getvalue()


def hostile():
    bytearrays = [] if pickle.HIGHEST_PROTOCOL == 5 else [bytearray(b'x')]
    things = [Evil(), Instance(), OldStyle(), Extension(), Extension, os.system, len, bytes, {1}, frozenset([1]),
              complex(1, 2), datetime.datetime(2020, 1, 1), decimal.Decimal(1), object(), slice(1)] + bytearrays
    for thing in things:
        for protocol in PROTOCOLS:
            try:
                pickled = pickle.dumps({'args': (thing,), 'kwargs': {}}, protocol)
            except Exception:
                continue
            yield pickled
    for protocol in PROTOCOLS:
        yield persistent(protocol)
    loop = []
    loop.append(loop)
    bomb = []
    for _ in range(40):
        bomb = [bomb] * 10
    for thing in (loop, bomb):
        for protocol in PROTOCOLS:
            yield pickle.dumps({'args': (thing,), 'kwargs': {}}, protocol)
    yield b"(dS'args'\n" + b'(' * 20000 + b't' * 20000 + b's.'
    yield b"(dS'args'\n" + b']' * 20000 + b'a' * 20000 + b's.'


def layout(texts):
    for text in texts:
        yield xmlrpclib.dumps(({'Status': 'Success', 'Value': text},), '', True)
        yield xmlrpclib.dumps(({'Status': 'Failure', 'ErrorDescription': [text, text]},), '', True)


READING = ('check-samples', 'check-versions', 'calls', 'results', 'layout')


def main():
    what = sys.argv[1]
    given = json.load(sys.stdin) if what in READING else None
    if what == 'samples':
        written = [call for _, call in sample_calls()]
    elif what == 'check-samples':
        return check(given, [value for value, _ in sample_calls()])
    elif what == 'versions':
        written = [call_pickled(u'get_version', pickle.dumps({'args': (), 'kwargs': {}}, protocol), protocol == 0)
                   for protocol in PROTOCOLS]
    elif what == 'check-versions':
        return check(given, ['2.1'] * len(PROTOCOLS))
    elif what == 'hostile':
        written = [call_pickled(u'get_version', pickled, False) for pickled in hostile()]
    elif what == 'calls':
        written = list(request_calls(given))
    elif what == 'results':
        written = [json.dumps(result_of(answer)) for answer in given]
    elif what == 'layout':
        written = list(layout(given))
    else:
        sys.exit(__doc__)
    json.dump(written, sys.stdout)


main()
