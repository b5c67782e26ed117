%% Plays random machine programs in the real gen_statem and says what happened, one line of text for each program.
%%
%% Speaks {packet,4} on stdin and stdout: in comes term_to_binary([Program]) (see program.py for the language), out go
%% the lines, in order. Each program runs in a gen_statem of its own.
%%
%% Deterministic by construction:
%% - Events go in bursts: the machine is suspended (which waits until it is quiescent), the burst is put into its
%%   mailbox, the machine is resumed. So the order of arrival is the order of the burst.
%% - Running time-outs are set for hours. "expire" does to one what the run-time system would do: it takes the timer
%%   away (erlang:cancel_timer/1) and puts the timer's own message into the mailbox. Call tracing of
%%   erlang:start_timer/4 tells the timer references; the machine cannot see the difference.
-module(driver).
-behaviour(gen_statem).
-export([main/0, init/1, callback_mode/0, handle_event/4, terminate/3]).

main() ->
    logger:set_primary_config(level, none),
    erlang:trace_pattern({erlang, start_timer, 4}, [{'_', [], [{return_trace}]}], [local]),
    serve(open_port({fd, 0, 1}, [{packet, 4}, binary, eof])).

serve(Port) ->
    receive
        {Port, {data, Batch}} ->
            Self = self(),
            Running = [spawn_monitor(fun() -> exit({line, play(Self, Program)}) end) || Program <- binary_to_term(Batch)],
            Lines = [receive {'DOWN', Monitor, process, Pid, {line, Line}} -> Line end || {Pid, Monitor} <- Running],
            port_command(Port, lists:join($\n, Lines)),
            serve(Port);
        {Port, eof} ->
            halt()
    end.

%% --- one program ---------------------------------------------------------------------------------------------------

play(_, [_StateEnter, _Cap, _State, _Data, _Init, _Rules, _EnterRules, Bursts] = Program) ->
    {ok, {Machine, Monitor}} = gen_statem:start_monitor(?MODULE, {self(), Program}, []),
    End = bursts(Bursts, Machine, Monitor, #{}),
    lists:join($;, transitions(log([]), End) ++ [ending(End)]).

bursts([], Machine, Monitor, _Refs) ->
    try sys:get_status(Machine, infinity) of
        Status ->
            exit(Machine, kill),
            receive {'DOWN', Monitor, process, Machine, _} -> {alive, Status} end
    catch
        exit:_ -> down(Machine, Monitor)
    end;
bursts([Burst | Bursts], Machine, Monitor, Refs) ->
    try sys:suspend(Machine, infinity) of
        ok ->
            Refs1 = started(Machine, Refs),
            Refs2 = lists:foldl(fun(Event, R) -> send(Event, Machine, R) end, Refs1, Burst),
            sys:resume(Machine, infinity),
            bursts(Bursts, Machine, Monitor, Refs2)
    catch
        exit:_ -> down(Machine, Monitor)
    end.

down(Machine, Monitor) ->
    receive {'DOWN', Monitor, process, Machine, Reason} -> {down, Reason} end.

send([cast, Id], Machine, Refs) -> gen_statem:cast(Machine, Id), Refs;
send([info, Id], Machine, Refs) -> Machine ! Id, Refs;
send([call, Id, Slot], Machine, Refs) -> Machine ! {'$gen_call', from(self(), Slot), Id}, Refs;
send([expire, Key], Machine, Refs) ->
    Type = timeout_type(Key),
    case Refs of
        #{Type := Ref} ->
            case erlang:cancel_timer(Ref) of
                false -> ok;
                _ -> Machine ! {timeout, Ref, Type}
            end,
            maps:remove(Type, Refs);
        #{} -> Refs
    end.

%% The timers that were started since the last time, by type: the last one of each counts.
started(Machine, Refs) ->
    Delivered = erlang:trace_delivered(Machine),
    receive {trace_delivered, Machine, Delivered} -> ok end,
    started_(Machine, Refs).

started_(Machine, Refs) ->
    receive
        {trace, Machine, call, {erlang, start_timer, [_Time, _To, Type, _Options]}} ->
            receive
                {trace, Machine, return_from, {erlang, start_timer, 4}, Ref} -> started_(Machine, Refs#{Type => Ref})
            end
    after 0 -> Refs
    end.

%% Callbacks and replies come from one process, so they are here in the order in which they were made.
log(Log) ->
    receive
        {callback, Text} -> log([{callback, Text} | Log]);
        {enter, Text} -> log([{enter, Text} | Log]);
        {{slot, Slot}, Value} -> log([{reply, ["reply ", Slot, $ , text(Value)]} | Log])
    after 0 -> lists:reverse(Log)
    end.

%% Within one transition: first the callbacks, then the replies. The replies of a transition that crashed are left out.
transitions(Log, End) -> transitions(Log, End, [], []).
transitions([], End, Callbacks, Replies) ->
    Crashed = case End of {down, {stopped, _, _, _}} -> false; {down, _} -> true; _ -> false end,
    lists:reverse(Callbacks) ++ [R || not Crashed, R <- lists:reverse(Replies)];
transitions([{callback, Text} | Log], End, Callbacks, Replies) ->
    lists:reverse(Callbacks) ++ lists:reverse(Replies) ++ transitions(Log, End, [Text], []);
transitions([{enter, Text} | Log], End, Callbacks, Replies) -> transitions(Log, End, [Text | Callbacks], Replies);
transitions([{reply, Text} | Log], End, Callbacks, Replies) -> transitions(Log, End, Callbacks, [Text | Replies]).

ending({alive, {status, _, _, [_, _, _, _, [_, {data, Data}, {data, [{"State", {S, D}}]}]]}}) ->
    {_, {_, Timeouts}} = lists:keyfind("Time-outs", 1, Data),
    {_, Postponed} = lists:keyfind("Postponed", 1, Data),
    ["alive ", text(S), $ , text(D),
     " postponed", [[$ , type_text(T), $:, text(C)] || {T, C} <- lists:reverse(Postponed)],
     " timeouts", lists:sort([iolist_to_binary([$ , type_text(T), $:, text(C)]) || {T, C} <- Timeouts])];
ending({down, {stopped, Reason, S, D}}) -> ["stopped ", text(Reason), $ , text(S), $ , text(D)];
ending({down, {cap, _}}) -> "cap";
ending({down, {{bad_return_from_state_function, _}, _}}) -> "crash bad return";
ending({down, {{bad_state_enter_return_from_state_function, _}, _}}) -> "crash bad return";
ending({down, {{bad_action_from_state_function, _}, _}}) -> "crash bad action";
ending({down, {{bad_state_enter_action_from_state_function, _}, _}}) -> "crash bad action";
ending({down, {{bad_reply_action_from_state_function, _}, _}}) -> "crash bad action";
ending({down, {boom, _}}) -> "crash boom";
ending({down, Other}) -> ["unexpected ", io_lib:format("~0p", [Other])].

text(X) when is_integer(X) -> integer_to_binary(X);
text(X) when is_atom(X) -> atom_to_binary(X);
text(X) -> io_lib:format("~0p", [X]).

type_text({call, {_, {slot, Slot}}}) -> ["call:", Slot];
type_text({timeout, Name}) -> ["named:", text(Name)];
type_text(Type) -> text(Type).

%% --- the callback module -------------------------------------------------------------------------------------------

init({Driver, [StateEnter, Cap, State, Data, Init, Rules, EnterRules, _Bursts]}) ->
    erlang:trace(self(), true, [call, {tracer, Driver}]),
    put(driver, Driver),
    put(left, Cap),
    put(state_enter, StateEnter),
    put(rules, maps:from_list([{{Id, S}, list_to_tuple(Results)} || [Id, S, Results] <- Rules])),
    put(enter_rules, maps:from_list([{S, list_to_tuple(Results)} || [S, Results] <- EnterRules])),
    {ok, State, Data, actions(Init)}.

callback_mode() ->
    case get(state_enter) of
        true -> [handle_event_function, state_enter];
        false -> handle_event_function
    end.

handle_event(enter, Old, S, D) ->
    get(driver) ! {enter, ["enter ", text(Old), $ , text(S), $ , text(D)]},
    count(),
    decide(maps:get(S, get(enter_rules), {[keep, null, []]}), S, D);
handle_event(Type, Id, S, D) ->
    get(driver) ! {callback, [type_text(Type), $ , text(Id), $ , text(S), $ , text(D)]},
    count(),
    decide(maps:get({Id, S}, get(rules), {[keep, null, []]}), S, D).

terminate(Reason, S, D) when Reason =:= normal; Reason =:= shutdown; Reason =:= finished ->
    exit({stopped, Reason, S, D});
terminate(_, _, _) -> ok.

count() ->
    case put(left, get(left) - 1) of
        1 -> exit({cap, reached});
        _ -> ok
    end.

decide(Results, S, D) -> result(element(1 + D rem tuple_size(Results), Results), S, D).

result([next, State, Data, []], _, D) -> {next_state, State, data(Data, D)};
result([next, State, Data, Actions], _, D) -> {next_state, State, data(Data, D), actions(Actions)};
result([keep, null, []], _, _) -> keep_state_and_data;
result([keep, null, Actions], _, _) -> {keep_state_and_data, actions(Actions)};
result([keep, Data, []], _, _) -> {keep_state, Data};
result([keep, Data, Actions], _, _) -> {keep_state, Data, actions(Actions)};
result([repeat, null, []], _, _) -> repeat_state_and_data;
result([repeat, null, Actions], _, _) -> {repeat_state_and_data, actions(Actions)};
result([repeat, Data, []], _, _) -> {repeat_state, Data};
result([repeat, Data, Actions], _, _) -> {repeat_state, Data, actions(Actions)};
result([stop, normal, null, []], _, _) -> stop;
result([stop, Reason, null, []], _, _) -> {stop, Reason};
result([stop, Reason, Data, []], _, _) -> {stop, Reason, Data};
result([stop, Reason, null, Replies], _, _) -> {stop_and_reply, Reason, actions(Replies)};
result([stop, Reason, Data, Replies], _, _) -> {stop_and_reply, Reason, actions(Replies), Data};
result([throw, Result], S, D) -> throw(result(Result, S, D));
result([boom], _, _) -> error(boom);
result([bad, 0], _, _) -> {foo, bar};
result([bad, 1], _, _) -> ok;
result([bad, 2], _, _) -> {keep_state_and_data, bogus}.

data(null, D) -> D;
data(Data, _) -> Data.

actions([lone, Action]) -> action(Action);
actions(Actions) -> [action(A) || A <- Actions].

action([postpone, true]) -> postpone;
action([postpone, false]) -> {postpone, false};
action([next, Type, Id]) -> {next_event, event_type(Type), Id};
action([reply, Slot, Value]) -> {reply, from(get(driver), Slot), Value};
action([hibernate]) -> hibernate;
action([timeout, Key, cancel]) -> {timeout_type(Key), cancel};
action([timeout, Key, infinity]) -> {timeout_type(Key), infinity, 0};
action([timeout, Key, update, Id]) -> {timeout_type(Key), update, Id};
action([timeout, Key, Time, Id]) -> {timeout_type(Key), Time, Id};
action([timeout, Key, abs, Time, Id]) ->
    {timeout_type(Key), erlang:monotonic_time(millisecond) + Time, Id, [{abs, true}]};
action([bare, Time]) -> Time;
action([bad, 0]) -> bogus;
action([bad, 1]) -> {state_timeout, -1, 0};
action([bad, 2]) -> {next_event, enter, 0};
action([bad, 3]) -> {reply, nobody, 0};
action([bad, 4]) -> {postpone, maybe};
action([bad, 5]) -> {cast, 5, 0};
action([bad, 6]) -> {next_event, {call, nobody}, 0}.

event_type([call, Slot]) -> {call, from(get(driver), Slot)};
event_type([named, Name]) -> {timeout, Name};
event_type(Type) -> Type.

timeout_type(state) -> state_timeout;
timeout_type(event) -> timeout;
timeout_type(Name) -> {timeout, Name}.

from(Driver, Slot) -> {Driver, {slot, integer_to_binary(Slot)}}.
