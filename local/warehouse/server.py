"""Snowflake's wire protocol: login, queries, sessions. Errors are SQL errors, never HTTP 500."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
import uuid
import zlib
from base64 import b64encode
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fakesnow.converter import from_binding
from fakesnow.expr import normalise_ident
from fakesnow.statement_type import DML_TYPE_IDS, SELECT
from fakesnow.transforms import SERVER_VERSION
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from local.door import Door
from local.warehouse import settings
from local.warehouse.errors import SqlError, from_duckdb, sql_error
from local.warehouse.output import arrow_stream, row_type
from local.warehouse.procedures.handler import ATTACH
from local.warehouse.session import Identity, Session
from local.warehouse.warehouse import PROCEDURE_TOKEN, Warehouse

log = logging.getLogger("snowtape.warehouse")

# A CALL occupies a thread, and so does every statement inside it and every session that waits for a lock.
THREADS = 400
# Longer than this and the client is told to ask again: its own read time-out must not send the statement twice.
PATIENCE_SECONDS = 40.0
# How often sessions without a client are looked for.
SWEEP_SECONDS = 2.0
REMEMBERED_ANSWERS = 500
REMEMBERED_BYTES = 64 * 1024
IN_PROGRESS = "333333"
# Of a request, compressed and not: a statement with its binds. Snowflake takes a statement of 1 MB.
BODY_BYTES = 64 * 1024 * 1024
# Snowflake's words, and where to look.
WRONG_PASSWORD = (
    "Incorrect username or password was specified. The local warehouse expects its token as the password; "
    "it is in the file `token` of its directory."
)


def _failure(error: SqlError, query_id: str = "") -> JSONResponse:
    code = f"{error.errno:06d}"
    data = {"errorCode": code, "sqlState": error.sqlstate, "queryId": query_id}
    return JSONResponse({"data": data, "code": code, "message": error.raw_msg or error.msg, "success": False})


def _refusal(sentence: str) -> dict[str, Any]:
    return {"data": None, "code": None, "message": sentence, "success": False}


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    try:
        if request.headers.get("Content-Encoding") == "gzip":
            stream = zlib.decompressobj(wbits=31)
            raw = stream.decompress(raw, BODY_BYTES)
            if stream.unconsumed_tail:
                raise HTTPException(413, f"The body is more than {BODY_BYTES:,} bytes when unpacked. Nothing was done.")
        body = json.loads(raw) if raw else {}
    except (ValueError, zlib.error, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise HTTPException(400, "The body is not a JSON object. Nothing was done.")
    return body


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse(_refusal(error.detail), error.status_code)


def _bindings(bindings: Mapping[str, Any]) -> tuple[Any, list[tuple[Any, ...]] | None]:
    """Parameters of one run, or the rows of an array binding."""
    if not all(key.isdigit() for key in bindings):
        return {name: _bound(binding) for name, binding in bindings.items()}, None
    ordered = [bindings[str(position)] for position in range(1, len(bindings) + 1)]
    if any(isinstance(binding["value"], list) for binding in ordered):
        columns = [[_bound({**b, "value": value}) for value in b["value"]] for b in ordered]
        return None, list(zip(*columns, strict=True))
    return tuple(_bound(binding) for binding in ordered), None


def _bound(binding: Mapping[str, Any]) -> Any:
    if binding["value"] is None:
        return None
    if binding["type"] == "REAL":
        return float(binding["value"])
    return from_binding(dict(binding))


class Server:
    """The HTTP endpoints on one warehouse; `token` is every user's password."""

    def __init__(self, warehouse: Warehouse, token: str) -> None:
        self.warehouse = warehouse
        self._token = token
        self._running: dict[str, asyncio.Task[JSONResponse]] = {}
        self._answered: OrderedDict[str, JSONResponse] = OrderedDict()

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/health", self.health),
                Route("/session/v1/login-request", self.login, methods=["POST"]),
                Route("/session/token-request", self.renew, methods=["POST"]),
                Route("/session/heartbeat", self.heartbeat, methods=["POST"]),
                Route("/session", self.session, methods=["POST"]),
                Route("/queries/v1/query-request", self.query, methods=["POST"]),
                Route("/queries/v1/abort-request", self.abort, methods=["POST"]),
                Route("/queries/{query_id}/result", self.result),
                Route("/monitoring/queries/{query_id}", self.monitor),
                Route("/telemetry/send", self.telemetry, methods=["POST"]),
            ],
            middleware=[Middleware(Door, max_body_bytes=BODY_BYTES, form=_refusal)],
            exception_handlers={HTTPException: _refused},
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        self.warehouse.runner.start()
        sweeping = asyncio.create_task(self._sweep())
        yield
        sweeping.cancel()
        self.warehouse.interrupt()
        await anyio.to_thread.run_sync(self.warehouse.close)

    async def _sweep(self) -> None:
        """Now and then, end what clients left behind that are gone."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await anyio.to_thread.run_sync(self.warehouse.sweep)

    def connection_lost(self, port: int) -> None:
        """A client's TCP connection, from this port, has ended."""
        for session in self.warehouse.sessions.values():
            if port in session.peers:
                session.peers.discard(port)
                session.alone_since = None if session.peers else time.monotonic()

    async def health(self, _: Request) -> PlainTextResponse:
        """200 as soon as the databases are open."""
        return PlainTextResponse("ok")

    async def telemetry(self, _: Request) -> JSONResponse:
        """Thrown away."""
        return JSONResponse({"success": True})

    async def login(self, request: Request) -> JSONResponse:
        """Any user, with the server's token as password; a procedure's handler brings the token of its session."""
        data = (await _body(request)).get("data", {})
        parameters = {str(k).upper(): v for k, v in (data.get("SESSION_PARAMETERS") or {}).items()}
        try:
            if parent := parameters.get(ATTACH):
                session = self.warehouse.sessions[parent]
                token = self.warehouse.attach(session)
            elif not secrets.compare_digest(str(data.get("PASSWORD")).encode(), self._token.encode()):
                return _failure(sql_error(WRONG_PASSWORD, 390100, "08001"))
            else:
                token, session = await anyio.to_thread.run_sync(self._new_session, request, data, parameters)
        except KeyError:
            return _failure(sql_error("The procedure's session has ended.", 390104, "08001"))
        except SqlError as error:
            return _failure(error)
        return JSONResponse(
            {
                "data": {
                    "token": token,
                    "masterToken": token,
                    "validityInSeconds": 10**9,
                    "masterValidityInSeconds": 10**9,
                    "serverVersion": SERVER_VERSION,
                    "sessionId": session.session_id,
                    "parameters": [
                        {"name": "AUTOCOMMIT", "value": session.transactions.autocommit},
                        {"name": "CLIENT_TELEMETRY_ENABLED", "value": False},
                        {"name": "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY", "value": 3600},
                        # 0: arrays of binds come inside the request instead of through a staged file.
                        {"name": "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", "value": 0},
                    ],
                    "sessionInfo": self._session_info(session),
                },
                "success": True,
            }
        )

    def _session_info(self, session: Session) -> dict[str, str | None]:
        return {
            "databaseName": session.database,
            "schemaName": session.schema,
            "roleName": session.identity.role,
            "warehouseName": session.identity.warehouse,
        }

    def _new_session(self, request: Request, data: dict[str, Any], parameters: dict[str, Any]) -> tuple[str, Session]:
        def named(parameter: str) -> str | None:
            value = request.query_params.get(parameter)
            return normalise_ident(value) if value else None

        autocommit = parameters.pop("AUTOCOMMIT", True)
        for name, value in parameters.items():
            settings.check(name, str(value))
        identity = Identity(
            str(data.get("LOGIN_NAME") or "LOCAL").upper(), named("roleName") or "SYSADMIN", named("warehouse")
        )
        token, session = self.warehouse.login(
            named("databaseName"), named("schemaName"), identity, str(autocommit).lower() == "true"
        )
        session.parameters.update({name: str(value) for name, value in parameters.items()})
        return token, session

    def _session(self, request: Request) -> tuple[str, Session] | None:
        # Authorization: Snowflake Token="…"
        token = request.headers.get("Authorization", "")[17:-1]
        session = self.warehouse.sessions.get(token)
        if session is None:
            return None
        if request.client and not token.startswith(PROCEDURE_TOKEN):
            session.peers.add(request.client.port)
            session.alone_since = None
        return token, session

    def _logged_out(self) -> JSONResponse:
        message = "User must login again to access the service."
        return JSONResponse({"data": None, "code": "390111", "message": message, "success": False})

    async def renew(self, request: Request) -> JSONResponse:
        """Tokens do not expire."""
        if not (found := self._session(request)):
            return self._logged_out()
        data = {"sessionToken": found[0], "masterToken": found[0], "validityInSecondsST": 10**9}
        return JSONResponse({"data": {**data, "validityInSecondsMT": 10**9}, "success": True})

    async def heartbeat(self, request: Request) -> JSONResponse:
        """Nothing to keep alive."""
        return JSONResponse({"success": True}) if self._session(request) else self._logged_out()

    async def session(self, request: Request) -> JSONResponse:
        """Ends a session with ?delete=true."""
        if not (found := self._session(request)):
            return self._logged_out()
        if request.query_params.get("delete"):
            await anyio.to_thread.run_sync(self.warehouse.logout, found[0])
        return JSONResponse({"data": None, "code": None, "message": None, "success": True})

    async def query(self, request: Request) -> JSONResponse:
        """Runs a statement; a repeated request with the same id waits for the first instead of running it again."""
        if not (found := self._session(request)):
            return self._logged_out()
        body = await _body(request)
        request_id = request.query_params.get("requestId") or str(uuid.uuid4())
        if request_id in self._answered:
            return self._answered[request_id]
        if request_id not in self._running:
            work = anyio.to_thread.run_sync(self._run, found[1], body)
            self._running[request_id] = asyncio.ensure_future(work)
        return await self._patiently(request_id)

    async def result(self, request: Request) -> JSONResponse:
        """The result of a statement that took longer than one request may."""
        if not self._session(request):
            return self._logged_out()
        request_id = request.path_params["query_id"]
        if request_id not in self._running:
            return _failure(sql_error(f"Statement {request_id} not found", 709, "02000"))
        return await self._patiently(request_id)

    async def _patiently(self, request_id: str) -> JSONResponse:
        task = self._running[request_id]
        done, _ = await asyncio.wait([task], timeout=PATIENCE_SECONDS)
        if done:
            self._running.pop(request_id, None)
            answer = task.result()
            # A client that lost the answer asks again with the same id: the statement must not run twice.
            if len(answer.body) < REMEMBERED_BYTES:
                self._answered[request_id] = answer
                while len(self._answered) > REMEMBERED_ANSWERS:
                    self._answered.popitem(last=False)
            return answer
        data = {"queryId": request_id, "getResultUrl": f"/queries/{request_id}/result"}
        return JSONResponse({"data": data, "code": IN_PROGRESS, "message": None, "success": True})

    def _run(self, session: Session, body: dict[str, Any]) -> JSONResponse:
        """In a thread: run one statement and build the answer."""
        with session.busy:
            try:
                return self._execute(session, body)
            except SqlError as error:
                return _failure(error)
            except Exception as error:
                log.exception("unexpected: %.300s", body.get("sqlText"))
                return _failure(from_duckdb(error))

    def _execute(self, session: Session, body: dict[str, Any]) -> JSONResponse:
        sql = body["sqlText"]
        params, batch = _bindings(body.get("bindings") or {})
        cursor = session.cursor()
        affected = 0
        if body.get("describeOnly"):
            cursor.describe_only(sql, params)
        elif batch is None:
            cursor.execute(sql, binding_params=params)
        else:
            for row in batch:
                cursor.execute(sql, binding_params=row)
                affected += cursor.rowcount or 0
        session.last_query_id = cursor.sfqid
        table, columns = cursor.table, row_type(cursor.columns)
        data: dict[str, Any] = {
            "parameters": [{"name": "TIMEZONE", "value": "Etc/UTC"}],
            "rowtype": columns,
            "total": 1 if batch is not None else table.num_rows,
            "returned": 1 if batch is not None else table.num_rows,
            "queryId": cursor.sfqid,
            "statementTypeId": cursor.statement_type,
            "finalDatabaseName": session.database,
            "finalSchemaName": session.schema,
            "finalRoleName": session.identity.role,
            "finalWarehouseName": session.identity.warehouse,
        }
        if batch is not None:
            data |= {"queryResultFormat": "json", "rowset": [[str(affected)]]}
        elif cursor.statement_type in DML_TYPE_IDS:
            # Clients read the numbers of affected rows from a JSON row set.
            rows = zip(*[column.to_pylist() for column in table.columns], strict=True)
            data |= {"queryResultFormat": "json", "rowset": [[None if v is None else str(v) for v in r] for r in rows]}
        elif body.get("describeOnly") and cursor.statement_type != SELECT:
            data |= {"queryResultFormat": "json", "rowset": []}
        else:
            encoded = b64encode(arrow_stream(table, columns)).decode("ascii")
            data |= {"queryResultFormat": "arrow", "rowsetBase64": encoded}
        return JSONResponse({"data": data, "success": True})

    async def abort(self, request: Request) -> JSONResponse:
        """Interrupts what the session runs."""
        if found := self._session(request):
            await anyio.to_thread.run_sync(found[1].interrupt)
        return JSONResponse({"success": True})

    async def monitor(self, request: Request) -> JSONResponse:
        """State of an asynchronous query: results appear when it is done."""
        if not (found := self._session(request)):
            return self._logged_out()
        known = request.path_params["query_id"] in found[1].results_cache
        return JSONResponse({"data": {"queries": [{"status": "SUCCESS"}] if known else []}, "success": True})
