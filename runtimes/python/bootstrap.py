"""The Python runtime client: loads the user's handler, takes events from the Runtime API and answers them.

One bare socket and as few imports as possible, because each costs part of a cold start; what is needed only for errors
or by users of `logging` is imported then. Source of the behaviour: Lambda developer guide (Python handlers) and AWS's
public Python interface client.
"""

import json
import os
import sys
import time

import _socket

API = "/2018-06-01/runtime"
NO_BREAK_SPACE = "\u00a0"
WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. "
    "However, in rare cases, a Lambda runtime update can cause unexpected function behavior. "
    "For functions using managed runtimes, runtime updates can be triggered by a function change, or can be applied "
    "automatically. To determine if the runtime has been updated, check the runtime version in the INIT_START log "
    "entry. If this error correlates with a change in the runtime version, you may be able to mitigate this error by "
    "temporarily rolling back to the previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)

request_id = None
log_is_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


class Connection:
    """HTTP/1.1 to the platform, which always sends Content-Length; requests one after the other."""

    def __init__(self, address):
        if address.startswith("/"):
            self.socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
            self.socket.connect(address)
        else:
            host, _, port = address.rpartition(":")
            self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            self.socket.connect((host, int(port)))
        self.held = b""

    def get(self, path):
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: runtime\r\n\r\n".encode())
        return self.answer()

    def post(self, path, body, content_type="application/json", error_type=None):
        head = f"POST {path} HTTP/1.1\r\nHost: runtime\r\nContent-Type: {content_type}\r\n"
        if error_type is not None:
            clean = "".join(char for char in error_type if " " <= char <= "~")
            head += f"Lambda-Runtime-Function-Error-Type: {clean}\r\n"
        self.socket.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return self.answer()

    def answer(self):
        data = self.held
        end = data.find(b"\r\n\r\n")
        while end == -1:
            data += self.more()
            end = data.find(b"\r\n\r\n")
        headers = {}
        for line in data[:end].decode("latin-1").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        parts = [data[end + 4 :]]
        missing = int(headers.get("content-length", 0)) - len(parts[0])
        while missing > 0:
            part = self.more()
            parts.append(part)
            missing -= len(part)
        body = b"".join(parts)
        size = len(body) + min(missing, 0)
        self.held = body[size:]
        return headers, body[:size]

    def more(self):
        data = self.socket.recv(262_144)
        if not data:
            os._exit(1)  # without the platform there is nothing left to do
        return data


class Fault(Exception):
    """An error of the runtime itself, with its type."""

    def __init__(self, error_type, message, trace=None):
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.trace = trace


class Fields:
    """An object of named fields that are None unless given."""

    names = ()

    def __init__(self, values=None):
        for name in self.names:
            setattr(self, name, (values or {}).get(name))

    def __repr__(self):
        return f"{type(self).__name__}([{','.join(f'{name}={getattr(self, name)}' for name in self.names)}])"


class CognitoIdentity(Fields):
    names = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(Fields):
    names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(Fields):
    names = ("custom", "env", "client")

    def __init__(self, values=None):
        super().__init__(values)
        if self.client is not None:
            self.client = Client(self.client)


class LambdaContext:
    """What a handler learns of its invocation and its function."""

    def __init__(self, headers):
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        client = json_header(headers.get("lambda-runtime-client-context"), "Client Context")
        self.client_context = None if client is None else ClientContext(client)
        identity = json_header(headers.get("lambda-runtime-cognito-identity"), "Cognito Identity") or {}
        self.identity = CognitoIdentity(
            {
                "cognito_identity_id": identity.get("cognitoIdentityId"),
                "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId"),
            }
        )
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms") or 0)

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        shown = (
            "aws_request_id log_group_name log_stream_name function_name memory_limit_in_mb function_version "
            "invoked_function_arn client_context identity tenant_id"
        )
        return f"LambdaContext([{','.join(f'{name}={getattr(self, name)}' for name in shown.split())}])"


def json_header(value, name):
    if not value:
        return None
    try:
        return json.loads(value)
    except ValueError as error:
        raise Fault("Runtime.LambdaContextUnmarshalError", f"Unable to parse {name} JSON: {error}") from error


class Encoder(json.JSONEncoder):
    """Decimals are written as their own digits, which the standard encoder cannot: marks stand in for them."""

    def __init__(self):
        # from Python 3.12 on, AWS's runtimes leave non-ASCII characters as they are
        super().__init__(ensure_ascii=sys.version_info < (3, 12))
        self.decimals = []

    def default(self, value):
        decimal = sys.modules.get("decimal")
        if decimal is not None and isinstance(value, decimal.Decimal):
            if value.is_nan():
                return float("nan")
            self.decimals.append(str(value))
            return f"\0decimal{len(self.decimals) - 1}\0"
        return super().default(value)

    def encode(self, value):
        text = super().encode(value)
        if not self.decimals:
            return text
        import re

        return re.sub(r'"\\u0000decimal(\d+)\\u0000"', lambda found: self.decimals[int(found[1])], text)


def to_json(value):
    return Encoder().encode(value)


def marshalled(response):
    if isinstance(response, bytes):
        return response, "application/unknown"
    try:
        return to_json(response).encode("utf-8", "surrogatepass"), "application/json"
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def unmarshalled(body, content_type):
    if content_type != "application/json":
        return body
    try:
        return json.loads(body)
    except Exception as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error


def error_result(message, error_type, trace, invoke_id=None):
    return {
        "errorMessage": message or "",
        "errorType": error_type or "",
        "requestId": invoke_id or "",
        "stackTrace": trace or [],
    }


def result_of_exception(invoke_id=None):
    """What was raised, with the user's frames only."""
    import traceback

    kind, value, trace = sys.exc_info()
    frames = [(f.filename, f.lineno, f.name, f.line) for f in traceback.extract_tb(trace)]
    users = next((at for at, frame in enumerate(frames) if "/bootstrap.py" not in frame[0]), 0)
    return error_result(str(value), kind.__name__, traceback.format_list(frames[users:]), invoke_id)


def indented(line):
    text = line.lstrip(" ")
    return NO_BREAK_SPACE * (len(line) - len(text)) + text


def log_error(result):
    """One entry: the lines of a traceback are parted by carriage returns and indented by no-break spaces."""
    if log_is_json:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        sys.stdout.write(to_json({"timestamp": stamp, "log_level": "ERROR", **result}) + "\n")
        return
    head = "[ERROR]"
    if result["errorType"]:
        head += " " + result["errorType"]
    if result["errorMessage"]:
        head += (": " if result["errorType"] else " ") + result["errorMessage"]
    lines = [head, "Traceback (most recent call last):"]
    for entry in result["stackTrace"]:
        lines += [indented(line) for line in entry.splitlines()] or [""]
    sys.stdout.write("\r".join(line.replace("\n", "\r") for line in lines) + "\n")


def set_up_logging(logging):
    """The root logger's handler, as soon as somebody imports `logging`."""
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = "DEBUG" if level == "TRACE" else level

    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            text = self.format(record)
            sys.stdout.write(text.replace("\n", "\r") + "\n")

    class LambdaLoggerFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = request_id or ""
            return True

    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    if log_is_json:
        handler.setFormatter(json_formatter(logging))
    else:
        layout = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
        handler.setFormatter(logging.Formatter(layout, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(LambdaLoggerFilter())
    root = logging.getLogger()
    if level in logging._nameToLevel:
        root.setLevel(level)
    root.addHandler(handler)


def json_formatter(logging):
    standard = set(vars(logging.makeLogRecord({}))) | {"aws_request_id", "message", "asctime"}

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            error = record.exc_info or (None, None, None)
            entry = {
                "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
                "level": logging.getLevelName(min(50, max(0, record.levelno)) // 10 * 10),
                "message": record.getMessage(),
                "logger": record.name,
                "stackTrace": self.frames(error[2]) if error[0] else None,
                "errorType": error[0].__name__ if error[0] else None,
                "errorMessage": str(error[1]) if error[0] else None,
                "requestId": getattr(record, "aws_request_id", None),
                "location": f"{record.pathname}:{record.funcName}:{record.lineno}" if error[0] else None,
            }
            extra = {key: value for key, value in vars(record).items() if key not in standard and key not in entry}
            entry.update(extra)
            return json.dumps({k: v for k, v in entry.items() if v is not None}, ensure_ascii=False, default=str)

        @staticmethod
        def frames(trace):
            import traceback

            return traceback.format_tb(trace)

    return JsonFormatter()


class LoggingHook:
    """Sets logging up at its first import, so that functions which do not log do not pay for it."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                break
        execute = spec.loader.exec_module

        def execute_and_set_up(module):
            execute(module)
            set_up_logging(module)

        spec.loader.exec_module = execute_and_set_up
        return spec


def load(handler):
    module_name, dot, name = handler.rpartition(".")
    if dot == "":
        raise Fault(
            "Runtime.MalformedHandlerName",
            f"Bad handler '{handler}': not enough values to unpack (expected 2, got 1)",
        )
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault(
            "Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module"
        )
    import importlib

    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", trace) from error
    try:
        return getattr(module, name)
    except AttributeError as error:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module_name}'") from error


def fail_init(connection, result):
    import logging

    logging.warning(WARNING)
    log_error(result)
    sys.stdout.flush()
    connection.post(f"{API}/init/error", to_json(result).encode("utf-8", "replace"), error_type=result["errorType"])
    sys.exit(1)


def serve(connection, handler):
    global request_id
    while True:
        headers, body = connection.get(f"{API}/invocation/next")
        request_id = headers.get("lambda-runtime-aws-request-id")
        trace = headers.get("lambda-runtime-trace-id")
        if trace is None:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        else:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        path = f"{API}/invocation/{request_id}"
        try:
            context = LambdaContext(headers)
            event = unmarshalled(body, headers.get("content-type", "application/json"))
            if isinstance(event, dict) and isinstance(event.get("ResponseURL"), str):
                lead_answers(event["ResponseURL"])
            result, content_type = marshalled(handler(event, context))
        except Fault as fault:
            failed = error_result(fault.message, fault.error_type, fault.trace, request_id)
        except Exception:
            failed = result_of_exception(request_id)
        else:
            sys.stdout.flush()
            connection.post(f"{path}/response", result, content_type)
            continue
        log_error(failed)
        sys.stdout.flush()
        body = to_json(failed).encode("utf-8", "replace")
        connection.post(f"{path}/error", body, error_type=failed["errorType"])


def lead_answers(response_url):
    """A custom resource's answer goes to the platform."""
    from importlib.util import module_from_spec, spec_from_file_location

    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "answers.py")
    spec = spec_from_file_location("_windtunnel_answers", place)
    module = sys.modules.get(spec.name)
    if module is None:
        module = sys.modules[spec.name] = module_from_spec(spec)
        spec.loader.exec_module(module)
    module.lead(response_url)


def watch_imports(connection):
    """Only for `windtunnel imports`."""
    from importlib.util import module_from_spec, spec_from_file_location

    order = json.loads(connection.get("/windtunnel/imports")[1])
    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "imports.py")
    spec = spec_from_file_location("windtunnel_imports", place)  # its name would be found in the package first
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Watch(os.environ["LAMBDA_TASK_ROOT"], [one["id"] for one in order.get("lazy", [])])


def main():
    socket = os.environ.pop("_WINDTUNNEL_RUNTIME_SOCKET", None)
    connection = Connection(socket or os.environ["AWS_LAMBDA_RUNTIME_API"])
    sys.stdout.reconfigure(line_buffering=True)
    brought = os.environ.pop("_WINDTUNNEL_PYTHON_PATH", "").split(":")
    layers = [folder for folder in brought if not folder.endswith("/boto")]
    sys.path[0:1] = [os.environ["LAMBDA_TASK_ROOT"], *layers, sys.path[0]]
    sys.path += [folder for folder in brought if folder.endswith("/boto")]
    import _sitebuiltins
    import builtins

    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    if "logging" in sys.modules:
        set_up_logging(sys.modules["logging"])
    else:
        sys.meta_path.insert(0, LoggingHook())
    watched = os.environ.pop("_WINDTUNNEL_IMPORTS", None) is not None
    watch = watch_imports(connection) if watched else None
    try:
        handler = load(os.environ["_HANDLER"])
    except Fault as fault:
        fail_init(connection, error_result(fault.message, fault.error_type, fault.trace))
    except Exception:
        fail_init(connection, result_of_exception())
    if watch is not None:
        connection.post("/windtunnel/imports", to_json(watch.end()).encode())
    serve(connection, handler)


if __name__ == "__main__":
    main()
