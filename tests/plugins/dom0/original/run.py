"""Runs a plugin of os-xenapi as XenAPIPlugin does, with other paths: run.py PLUGIN.py XML

XenAPIPlugin's `dispatch` is written here anew from xen-api's python3/examples/XenAPIPlugin.py, as XenAPI and six are as far as
the plugins look at them. The paths that the plugins have built in come from the environment, as ours do.
"""

import os
import sys
import types
import xmlrpclib

PATHS = [
    ('/var/log/xen/guest', 'VHD_PORTER_CONSOLE_DIRECTORY'),
    ('/usr/etc/xenhost.conf', 'VHD_PORTER_XENHOST_CONFIG_FILE'),
    ('/sys/bus/pci/devices', 'VHD_PORTER_XENHOST_PCI_DEVICES'),
    ('/proc/net/dev', 'VHD_PORTER_BANDWIDTH_COUNTERS'),
    ('/opt/xensource/sm/cleanup.py', 'VHD_PORTER_PROGRAMS_SM_CLEANUP'),
]


class Failure(Exception):
    pass


def dispatch(functions):
    params, name = xmlrpclib.loads(sys.argv[1])
    if name not in functions:
        answer = {'Status': 'Failure', 'ErrorDescription': ['UNKNOWN_XENAPI_PLUGIN_FUNCTION', name]}
    else:
        try:
            answer = {'Status': 'Success', 'Value': functions[name](*params)}
        except Exception as e:
            answer = {'Status': 'Failure',
                      'ErrorDescription': ['XENAPI_PLUGIN_FAILURE', name, e.__class__.__name__, str(e)]}
    sys.stdout.write(xmlrpclib.dumps((answer,), '', True))
    sys.exit(0)


def module(name, **members):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(members)


module('XenAPIPlugin', dispatch=dispatch, Failure=Failure)
module('XenAPI', Failure=Failure)
module('six', string_types=(basestring,))

plugin = sys.argv.pop(1)
sys.path.insert(0, os.path.dirname(plugin))
with open(plugin) as source:
    code = source.read()
for path, variable in PATHS:
    if variable in os.environ:
        code = code.replace(path, os.environ[variable])
sys.argv[0] = plugin
exec(compile(code, plugin, 'exec'), {'__name__': '__main__', '__file__': plugin})
