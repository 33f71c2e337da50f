"""A stand-in for xapi, as much of it as os-xenapi needs, written from xen-api's sources.

    xapi.py PLUGINS [NAME=VALUE...]

Serves on port 80 of a loopback address (the client looks up the URL's whole netloc as a name, so it takes no other port),
prints the address, and stops when standard input ends. host.call_plugin runs the plugins in the directory PLUGINS as
xapi does, with the given variables besides PATH, and makes of their answers what xapi makes.
"""

import os
import random
import resource
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree
import xmlrpc.client
import xmlrpc.server

HOST = 'OpaqueRef:the-host'
SESSION = 'OpaqueRef:the-session'
CODE = 'XENAPI_PLUGIN_FAILURE'


class Failure(Exception):
    """An error description."""


def element(name, text):
    """As ocaml/libs/xml-light2/xml.ml writes it."""
    if not text.strip():
        return '<%s/>' % name
    for plain, entity in (('&', '&amp;'), ('<', '&lt;'), ('>', '&gt;'), ('"', '&quot;')):
        text = text.replace(plain, entity)
    return '<%s>%s</%s>' % (name, ''.join(c for c in text if c >= ' ' or c in '\t\n\r'), name)


def call_of(function, arguments):
    """As ocaml/libs/http-lib/xMLRPC.ml writes it."""
    members = ''.join('<member>%s%s</member>' % (element('name', name), element('value', value))
                      for name, value in arguments.items())
    return ('<methodCall>%s<params><param>%s</param><param><value><struct>%s</struct></value></param></params>'
            '</methodCall>' % (element('methodName', function), element('value', SESSION), members))


def text_of(value):
    """A string, bare or in <string>; anything else is a type error in xMLRPC.ml."""
    if len(value) == 1 and value[0].tag == 'string' and len(value[0]) == 0:
        return value[0].text or ''
    if len(value) == 0:
        return value.text or ''
    raise Failure('INTERNAL_ERROR', 'a %s where a string is expected' % value[0].tag)


def result_of(answer):
    """The text that a plugin answered, or the failure, as ocaml/xapi/xapi_plugins.ml takes them."""
    try:
        root = xml.etree.ElementTree.fromstring(answer)
    except xml.etree.ElementTree.ParseError as error:
        raise Failure(CODE, 'failed to parse plugin output', answer.decode('utf-8', 'replace'), str(error))
    members = root.findall('./params/param/value/struct/member')
    fields = {member.findtext('name'): member.find('value') for member in members}
    status = text_of(fields['Status'])
    if status == 'Success':
        return text_of(fields['Value'])
    raise Failure(*[text_of(value) for value in fields['ErrorDescription'].findall('./array/data/value')])


def child_setup():
    """As ocaml/forkexecd/helper/vfork_helper.c leaves the process."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN if number == signal.SIGPIPE else signal.SIG_DFL)


class Xapi:
    def __init__(self, plugins, variables):
        self.plugins = plugins
        self.environment = dict(variables, PATH='/sbin:/usr/sbin:/bin:/usr/bin')

    def call_plugin(self, session, host, plugin, function, arguments):
        if (session, host) != (SESSION, HOST):
            raise Failure('HANDLE_INVALID', 'session or host', session)
        for value in arguments.values():
            if not isinstance(value, str):
                raise Failure('FIELD_TYPE_ERROR', 'args')
        if plugin not in os.listdir(self.plugins):
            raise Failure('XENAPI_MISSING_PLUGIN', plugin)
        command = [os.path.join(self.plugins, plugin), call_of(function, arguments)]
        nothing = os.open('/dev/null', os.O_WRONLY)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = subprocess.Popen(command, stdin=nothing, stdout=out, stderr=err, env=self.environment, cwd='/',
                                     start_new_session=True, restore_signals=False, preexec_fn=child_setup)
            os.close(nothing)
            status = child.wait()
            out.seek(0)
            err.seek(0)
            answer, said = out.read(), err.read().decode('utf-8', 'replace')
        if status < 0:
            raise Failure(CODE, 'signal: ' + signal.Signals(-status).name, answer.decode('utf-8', 'replace'), said)
        if status > 0:
            raise Failure(CODE, 'non-zero exit', answer.decode('utf-8', 'replace'), said)
        return result_of(answer)

    def _dispatch(self, method, parameters):
        answers = {
            'session.login_with_password': lambda *_: SESSION,
            'session.get_this_host': lambda *_: HOST,
            'session.logout': lambda *_: '',
            'pool.get_all': lambda *_: ['OpaqueRef:the-pool'],
            'pool.get_master': lambda *_: HOST,
            'host.get_API_version_major': lambda *_: '2',
            'host.get_API_version_minor': lambda *_: '16',
            'host.get_uuid': lambda *_: '4a3c0c3c-0000-4000-8000-000000000000',
            'host.get_software_version':
                lambda *_: {'product_version': '8.2.1', 'product_brand': 'XCP-ng', 'platform_version': '3.2.1'},
            'host.call_plugin': self.call_plugin,
        }
        try:
            if method not in answers:
                raise Failure('MESSAGE_METHOD_UNKNOWN', method)
            return {'Status': 'Success', 'Value': answers[method](*parameters)}
        except Failure as failure:
            return {'Status': 'Failure', 'ErrorDescription': list(failure.args)}


class Handler(xmlrpc.server.SimpleXMLRPCRequestHandler):
    rpc_paths = ('/', '/RPC2')


class Server(socketserver.ThreadingMixIn, xmlrpc.server.SimpleXMLRPCServer):
    """One thread for each connection: the client keeps five."""
    daemon_threads = True


def main():
    variables = dict(word.split('=', 1) for word in sys.argv[2:])
    for _ in range(20):
        # Another run of the tests may go on beside this one.
        address = '127.%d.%d.%d' % (random.randint(64, 254), random.randint(1, 254), random.randint(1, 254))
        try:
            server = Server((address, 80), Handler, logRequests=False, allow_none=False)
            break
        except PermissionError:
            sys.exit('port 80 is only for root')
        except OSError:
            continue
    else:
        sys.exit('port 80 is taken everywhere')
    server.register_instance(Xapi(sys.argv[1], variables))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(address, flush=True)
    sys.stdin.read()


main()
