"""A real Glance server, without Keystone, with an empty database and a directory as its store.

    glance.py ENVIRONMENT VERSION

ENVIRONMENT is one that `install` made, VERSION that of the Image API, 1 or 2. Prints the endpoint and the directory of
the store once the server answers, and stops it when standard input ends: so it never outlives the test that started it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PATIENCE = 120  # seconds

# What both versions have in common. Scopes and new defaults of policies ask for Keystone's roles.
COMMON = """
[DEFAULT]
workers = 0
bind_host = 127.0.0.1
log_file = {directory}/{program}.log
{default}
[database]
connection = sqlite:///{directory}/glance.sqlite?timeout={patience}
[paste_deploy]
flavor =
config_file = {directory}/{program}-paste.ini
[oslo_policy]
enforce_scope = false
enforce_new_defaults = false
{more}
"""

V2 = """
[glance_store]
default_backend = files
[files]
filesystem_store_datadir = {directory}/images
[os_glance_staging_store]
filesystem_store_datadir = {directory}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {directory}/tasks
"""

V1 = """
[glance_store]
filesystem_store_datadir = {directory}/images
"""

# The shortest of Glance's own pipelines: nobody is asked who they are.
PASTE = """
[pipeline:{program}]
pipeline = unauthenticated-context app
[filter:unauthenticated-context]
paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory
[composite:app]
paste.composite_factory = glance.api:root_app_factory
/v{version}: api
[app:api]
paste.app_factory = {factory}:API.factory
"""

REGISTRY_PASTE = """
[pipeline:{program}]
pipeline = unauthenticated-context api
[filter:unauthenticated-context]
paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory
[app:api]
paste.app_factory = {factory}:API.factory
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, environment, version, directory):
        self.programs = os.path.join(environment, 'bin')
        self.directory = directory
        self.port = free_port()
        self.endpoint = 'http://127.0.0.1:%d' % self.port
        self.probe = '%s/v%d/images' % (self.endpoint, version)
        self.children = []
        shutil.copy(os.path.join(environment, 'empty.sqlite'), os.path.join(directory, 'glance.sqlite'))
        for name in ('images', 'staging', 'tasks'):
            os.mkdir(os.path.join(directory, name))
        {1: self.start_v1, 2: self.start_v2}[version]()

    def configure(self, program, paste, factory, default, more, version=0):
        """Writes the configuration of a program; returns its path."""
        values = {'directory': self.directory, 'program': program, 'factory': factory, 'version': version}
        values.update(patience=PATIENCE, default='\n'.join(default), more=more.format(**values))
        path = os.path.join(self.directory, program)
        with open(path + '-paste.ini', 'w') as written:
            written.write(paste.format(**values))
        with open(path + '.conf', 'w') as written:
            written.write(COMMON.format(**values))
        return path + '.conf'

    def run(self, program, *words):
        log = open(os.path.join(self.directory, program + '.out'), 'w')
        environment = dict(os.environ, OS_GLANCE_CONFIG_DIR=self.directory)
        command = [os.path.join(self.programs, program)] + list(words)
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self.children.append(child)

    def start_v2(self):
        """Under uWSGI, with the options that devstack's lib/apache gives it, but one request at a time: SQLite refuses
        a transaction that another has overtaken."""
        default = ['worker_self_reference_url = ' + self.endpoint, 'enabled_backends = files:file',
                   'enabled_import_methods = []']
        self.configure('glance-api', PASTE, 'glance.api.v2.router', default, V2, 2)
        self.run('pyuwsgi', '--http', '127.0.0.1:%d' % self.port, '--module', 'glance.wsgi.api:application',
                 '--need-app', '--master', '--die-on-term', '--lazy-apps', '--enable-threads', '--processes', '1',
                 '--threads', '1', '--http-raw-body', '--http-chunked-input', '--http-auto-chunked',
                 '--buffer-size', '65535', '--socket-timeout', '30')

    def start_v1(self):
        """Two programs that are servers of their own: v1 keeps what it knows of images in a registry."""
        registry = free_port()
        default = ['bind_port = %d' % registry, 'enable_v1_registry = true']
        configuration = self.configure('glance-registry', REGISTRY_PASTE, 'glance.registry.api', default, '')
        self.run('glance-registry', '--config-file', configuration)
        default = ['bind_port = %d' % self.port, 'registry_host = 127.0.0.1', 'registry_port = %d' % registry,
                   'enable_v1_api = true']
        configuration = self.configure('glance-api', PASTE, 'glance.api.v1.router', default, V1, 1)
        self.run('glance-api', '--config-file', configuration)

    def answers(self):
        """Waits until it does; false if a program has ended or time is up."""
        deadline = time.time() + PATIENCE
        while time.time() < deadline and all(child.poll() is None for child in self.children):
            try:
                urllib.request.urlopen(self.probe, timeout=10).read()
                return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        return False

    def stop(self):
        for child in self.children:
            child.send_signal(signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def show_logs(self):
        for name in sorted(os.listdir(self.directory)):
            if name.endswith(('.out', '.log')):
                with open(os.path.join(self.directory, name), errors='replace') as log:
                    sys.stderr.write('== %s\n%s\n' % (name, log.read()[-4000:]))


def main():
    environment, version = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix='vhd-porter-glance-') as directory:
        server = Server(environment, version, directory)
        try:
            if not server.answers():
                server.show_logs()
                sys.exit('Glance does not answer at ' + server.probe)
            print(server.endpoint)
            print(os.path.join(directory, 'images'), flush=True)
            sys.stdin.read()
        finally:
            server.stop()


main()
