# frozen_string_literal: true

# The Ruby runtime client: loads the user's handler, takes events from the Runtime API and answers them, over one bare socket.
# Source of the behaviour: Lambda developer guide (Ruby handlers, context, logging) and AWS's public Ruby interface client.
# Not here: gems of AWS's runtime, such as aws-sdk-s3. They come with the package or a layer.

require 'json'
require 'logger'
require 'socket'
require 'stringio'

# What a handler learns of its invocation and its function.
class LambdaContext
  attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name, :function_name,
              :memory_limit_in_mb, :function_version, :identity, :client_context, :deadline_ms

  def initialize(headers)
    @aws_request_id = headers['lambda-runtime-aws-request-id']
    @invoked_function_arn = headers['lambda-runtime-invoked-function-arn']
    @deadline_ms = headers['lambda-runtime-deadline-ms'].to_i
    @log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
    @log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
    @function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
    @memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
    @function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
    @identity = parsed(headers['lambda-runtime-cognito-identity'])
    @client_context = parsed(headers['lambda-runtime-client-context'])
  end

  def get_remaining_time_in_millis
    [@deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond), 0].max
  end

  private

  def parsed(header)
    header.nil? || header.empty? ? nil : JSON.parse(header)
  end
end

module LambdaRuntime
  API = '/2018-06-01/runtime'
  # A class of errors whose name is told to the Runtime API; all others are the user's own.
  TOLD = %w[ArgumentError NoMethodError Exception StandardError NameError LoadError SystemExit SystemStackError].freeze
  FRAMES_MAX = 100

  class << self
    attr_accessor :request_id
  end

  # HTTP/1.1 to the platform, which always sends Content-Length; requests one after the other.
  class Connection
    def initialize(address)
      if address.start_with?('/')
        @socket = UNIXSocket.new(address)
      else
        host, _, port = address.rpartition(':')
        @socket = TCPSocket.new(host, port.to_i)
        @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
      end
      @held = +''.b
    end

    def get(path)
      @socket.write("GET #{path} HTTP/1.1\r\nHost: runtime\r\n\r\n")
      answer
    end

    def post(path, body, headers = {})
      lines = headers.map { |name, value| "#{name}: #{value.gsub(/[^ -~]/, '')}\r\n" }.join
      @socket.write("POST #{path} HTTP/1.1\r\nHost: runtime\r\n#{lines}Content-Length: #{body.bytesize}\r\n\r\n", body)
      answer
    end

    private

    def answer
      more until (last = @held.index("\r\n\r\n"))
      headers = @held[0...last].lines.drop(1).to_h do |line|
        name, _, value = line.partition(':')
        [name.downcase, value.strip]
      end
      whole = last + 4 + headers.fetch('content-length', '0').to_i
      more while @held.bytesize < whole
      body = @held.byteslice((last + 4)...whole)
      @held = @held.byteslice(whole..)
      [headers, body]
    end

    def more
      @held << @socket.readpartial(262_144)
    rescue EOFError, SystemCallError
      exit!(1) # without the platform there is nothing left to do
    end
  end

  # An error as it is posted and logged; `phase` is Function or Init.
  class Failure
    def initialize(error, phase)
      @type = "#{phase}<#{error.class}>"
      @told = TOLD.include?(error.class.to_s) ? @type : 'Function<UserException>'
      frames = error.backtrace_locations || []
      users = frames.first(FRAMES_MAX).take_while { |frame| frame.absolute_path != __FILE__ }
      @response = { errorMessage: error.message, errorType: @type, stackTrace: users.map(&:to_s) }
    end

    def log(message)
      puts message
      puts JSON.pretty_generate(@response)
      $stdout.flush
    end

    def post(connection, path)
      headers = { 'Content-Type' => 'application/json', 'Lambda-Runtime-Function-Error-Type' => @told }
      connection.post(path, JSON.generate(@response), headers)
    end
  end

  # FILE.METHOD, or FILE.CLASS.METHOD with a method of the class.
  class Handler
    attr_reader :file

    def initialize(name)
      parts = name.split('.')
      unless [2, 3].include?(parts.size)
        raise ArgumentError, "Invalid handler #{name}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD"
      end
      @file = parts.first
      @owner = parts.size == 3 ? parts[1] : nil
      @method = parts.last
    end

    def call(event, context)
      receiver = @owner.nil? ? TOPLEVEL_BINDING.receiver : Kernel.const_get(@owner)
      receiver.__send__(@method, event: event, context: context)
    end
  end

  # The lines of Logger have the request's id, in both log formats.
  class Formatter < Logger::Formatter
    def call(severity, time, program, message)
      id = LambdaRuntime.request_id
      return json(severity, time, program, message) if ENV['AWS_LAMBDA_LOG_FORMAT'] == 'JSON'

      stamp = time.strftime('%Y-%m-%dT%H:%M:%S.%6N')
      "#{severity[0]}, [#{stamp} ##{Process.pid}] #{severity.rjust(5)} #{id} -- #{program}: #{msg2str(message)}\n"
    end

    private

    def json(severity, time, program, message)
      is_error = message.is_a?(Exception)
      entry = {
        timestamp: time.utc.strftime('%Y-%m-%dT%H:%M:%S.%6NZ'),
        level: severity,
        message: is_error ? message.message : msg2str(message),
        requestId: LambdaRuntime.request_id,
        logger: program,
        errorType: is_error ? message.class.to_s : nil,
        errorMessage: is_error ? message.message : nil,
        stackTrace: is_error ? Array(message.backtrace) : nil
      }
      "#{JSON.generate(entry.compact)}\n"
    end
  end

  # Loggers that write to where the function's output goes.
  module FormattedLogger
    LEVELS = { 'TRACE' => 'debug', 'DEBUG' => 'debug', 'INFO' => 'info', 'WARN' => 'warn', 'ERROR' => 'error',
               'FATAL' => 'fatal' }.freeze

    def initialize(device = nil, *rest, **options)
      device = $stdout if device.nil?
      level = LEVELS[ENV['AWS_LAMBDA_LOG_LEVEL']]
      options[:level] = level unless level.nil? || options.key?(:level)
      super(device, *rest, **options)
      @default_formatter = Formatter.new if [$stdout, $stderr].include?(device)
    end
  end

  class << self
    def main
      $stdout.sync = true
      prepare
      connection = Connection.new(ENV.delete('_WINDTUNNEL_RUNTIME_SOCKET') || ENV.fetch('AWS_LAMBDA_RUNTIME_API'))
      begin
        handler = Handler.new(ENV.fetch('_HANDLER'))
        require handler.file
      rescue Exception => e # a script that does not parse is no StandardError
        failure = Failure.new(e, 'Init')
        failure.log("Init error when loading handler #{ENV.fetch('_HANDLER', nil)}")
        failure.post(connection, "#{API}/init/error")
        exit!(252)
      end
      serve(connection, handler)
    end

    private

    # Where code and gems of the package and of layers are found. Source: Lambda developer guide, GEM_PATH and RUBYLIB.
    def prepare
      Logger.prepend(FormattedLogger)
      gems = ENV.delete('_WINDTUNNEL_RUBY_GEMS').to_s.split(':')
      Gem.paths = { 'GEM_HOME' => Gem.paths.home, 'GEM_PATH' => [*gems, *Gem.paths.path].join(':') } unless ENV.key?('GEM_PATH')
      $LOAD_PATH.unshift(ENV.fetch('LAMBDA_TASK_ROOT'), *ENV.delete('_WINDTUNNEL_RUBY_LIB').to_s.split(':'))
    end

    def serve(connection, handler)
      loop do
        headers, body = connection.get("#{API}/invocation/next")
        self.request_id = headers['lambda-runtime-aws-request-id']
        ENV['_X_AMZN_TRACE_ID'] = headers['lambda-runtime-trace-id']
        answer(connection, handler, headers, body)
      end
    end

    def answer(connection, handler, headers, body)
      path = "#{API}/invocation/#{request_id}"
      begin
        content, type = marshalled(handler.call(event_of(headers, body), LambdaContext.new(headers)))
      rescue Exception => e # an exit in a handler is its answer too
        failed(connection, "#{path}/error", e)
        return
      end
      $stdout.flush
      connection.post("#{path}/response", content, { 'Content-Type' => type })
    end

    # A name that does not exist, and what is no StandardError, ends the environment. Source: AWS's Ruby interface client.
    def failed(connection, path, error)
      is_critical = error.is_a?(NameError) || !error.is_a?(StandardError)
      failure = Failure.new(error, 'Function')
      failure.log(is_critical ? 'Critical exception from handler' : 'Error raised from handler method')
      failure.post(connection, path)
      exit!(255) if is_critical
    end

    def event_of(headers, body)
      text = body.force_encoding(Encoding::UTF_8)
      headers.fetch('content-type', 'application/json') == 'application/json' ? JSON.parse(text) : text
    end

    def marshalled(result)
      case result
      when StringIO, IO then [result.read, 'application/unknown']
      else [result.to_json, 'application/json']
      end
    end
  end
end

LambdaRuntime.main
