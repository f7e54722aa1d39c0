using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Time.Testing;
using SymRatchet.Exploration.Machine;
using SymRatchet.TestKit;

namespace SymRatchet.Exploration.World;

/// <summary>
/// One run of a scenario under one chooser: connect, explore the actors' calls, then look at what is left, read on,
/// dispose both sides, and look again. Every rule is checked in every run.
/// </summary>
internal sealed class Run
{
    /// <summary>Longer than every limit of the library.</summary>
    private static readonly TimeSpan LongTime = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Real time given to what is late before it is called a violation: a timer that does not go by the test's clock.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(Settings.PatienceMilliseconds);

    private readonly Scenario _scenario;
    private readonly Scheduler _scheduler;
    private readonly FakeTimeProvider _time = new();
    private readonly Side _client;
    private readonly Side _server;
    private readonly Wire _forth;
    private readonly Wire _back;
    private readonly CheckingPool _pool;
    private readonly ChannelRegistry? _live;
    private readonly int[] _nextOp;
    private readonly Call?[] _lastCall;
    private readonly List<Call> _calls = [];
    private readonly List<Violation> _violations = [];
    private ExceptionDispatchInfo? _fault;
    private bool _isCut;

    private Run(Scenario scenario, Chooser chooser)
    {
        _scenario = scenario;
        _scheduler = new Scheduler(chooser) { NextCalls = NextCalls };
        _forth = new Wire(_scheduler, "to the server", scenario.Capacity);
        _back = new Wire(_scheduler, "to the client", scenario.Capacity);
        _pool = new CheckingPool(
            _scheduler,
            bytes => _client!.Outgoing.IsIn(bytes.Span) || _server!.Outgoing.IsIn(bytes.Span)
        );
        _client = new Side("client", scenario.ClientFace, _scheduler, _pool, new Ledger(salt: 1))
        {
            Reader = _back.Reader,
        };
        _server = new Side("server", scenario.ServerFace, _scheduler, _pool, new Ledger(salt: 128))
        {
            Reader = _forth.Reader,
            Peer = _client,
        };
        _client.Peer = _server;
        _nextOp = new int[scenario.Actors.Length];
        _lastCall = new Call?[scenario.Actors.Length];
        if (scenario.Actors.SelectMany(actor => actor.Ops).Contains(Op.Revoke))
            _live = new ChannelRegistry(
                new InMemoryKeyStore(ChannelRole.Server),
                new SecureChannelServerOptions { TimeProvider = _time }
            );
    }

    private IEnumerable<Side> Sides => [_client, _server];

    /// <summary>Runs it once.</summary>
    /// <returns>What did not hold.</returns>
    internal static IReadOnlyList<Violation> Execute(Scenario scenario, Chooser chooser) =>
        Execute(scenario, chooser, out _);

    internal static IReadOnlyList<Violation> Execute(
        Scenario scenario,
        Chooser chooser,
        out IReadOnlyList<string> trace
    )
    {
        Run run = new(scenario, chooser);
        Thread thread = new(run.Go) { IsBackground = true };
        thread.Start();
        for (
            long seen = -1;
            !thread.Join(Settings.StallMilliseconds) && !(run._scheduler.IsBlocked && run._scheduler.Beats == seen);

        )
            seen = run._scheduler.Beats;
        bool isStuck = thread.IsAlive;
        if (isStuck)
            run.Violate(Rule.NoCallBlocksItsThread, "a call has blocked its thread");
        trace = [.. run._scheduler.Trace];
        Violation[] violations = [.. run._violations];
        if (isStuck)
            run._scheduler.Leave(); // whatever is released now has nobody's attention any more
        run._fault?.Throw();
        return violations;
    }

#pragma warning disable CA1031 // whatever this thread throws, the caller's throws, and whatever a call throws is judged
    private void Go()
    {
        _scheduler.Enter();
        try
        {
            Connect();
            _scheduler.Explore();
            LookAtWhatIsLeft();
            ReadOn();
            DisposeBoth();
        }
        catch (LivelockException e)
        {
            Violate(Rule.NoDeadlock, e.Message);
        }
        catch (Exception e)
        {
            _fault = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            _scheduler.Leave();
        }
    }

    private void Connect()
    {
        SecureChannelServerOptions serverOptions = ChannelPair.ServerOptions(ChannelProtocol.V1);
        SecureChannelClientOptions clientOptions = ChannelPair.ClientOptions(ChannelProtocol.V1);
        serverOptions.ChannelRegistry = _live;
        serverOptions.TimeProvider = clientOptions.TimeProvider = _time;
        clientOptions.SendBeforeConfirm = _scenario.BeforeConfirm;
        bool overPipe = _scenario.Transport == TransportKind.Pipe;
        _ = _server.EstablishAsync(
            overPipe
                ? SecureChannel.AcceptAsync(new WireEnd(_forth.Reader, _back.Writer), serverOptions)
                : SecureChannel.AcceptAsync(new WireStream(_forth, _back), serverOptions)
        );
        _ = _client.EstablishAsync(
            overPipe
                ? SecureChannel.ConnectAsync(new WireEnd(_back.Reader, _forth.Writer), clientOptions)
                : SecureChannel.ConnectAsync(new WireStream(_back, _forth), clientOptions)
        );
        // A continuation of the handshake may still be on its way through the pool when the gate looks quiet.
        for (int i = 0; i < 1000 && !HasBegun(); i++)
        {
            _scheduler.Drain(HasBegun);
            if (!HasBegun())
                Thread.Sleep(1);
        }

        if (_client.Face is null || _server.Face is null != _scenario.BeforeConfirm)
            throw new InvalidOperationException("The handshake has not come to where the scenario begins.");
    }

    private bool HasBegun() => _client.Face is not null && (_scenario.BeforeConfirm || _server.Face is not null);

    private IEnumerable<Step> NextCalls()
    {
        for (int i = 0; i < _scenario.Actors.Length; i++)
        {
            Actor actor = _scenario.Actors[i];
            Side side = actor.IsClient ? _client : _server;
            if (side.Face is null || _nextOp[i] == actor.Ops.Length || _lastCall[i] is { IsDone: false })
                continue;
            Op op = actor.Ops[_nextOp[i]];
            if (
                op.Kind == OpKind.CancelOther
                && _lastCall[op.Target] is not { IsDone: false, Token.IsCancellationRequested: false }
            )
                continue;
            int index = i;
            yield return new Step(
                $"{side.Name}: {op.Kind}",
                () =>
                {
                    _nextOp[index]++;
                    _lastCall[index] = new Call(side, op);
                    Start(_lastCall[index]!);
                }
            );
        }
    }

    private void Start(Call call)
    {
        _calls.Add(call);
        switch (call.Op.Kind)
        {
            case OpKind.CancelOther:
                call.IsDone = true;
                _lastCall[call.Op.Target]!.Token.Cancel();
                break;
            case OpKind.Cut:
                call.IsDone = true;
                Cut();
                break;
            case OpKind.Wait:
                call.IsDone = true;
                _time.Advance(LongTime);
                break;
            default:
                _ = PerformAsync(call);
                break;
        }
    }

    private async Task PerformAsync(Call call)
    {
        try
        {
            Succeeded(call, await CallAsync(call));
        }
        catch (Exception e)
        {
            call.Failure = e;
            Failed(call, e);
        }
        finally
        {
            call.IsDone = true;
            _scheduler.Note($"= {call}");
        }
    }
#pragma warning restore CA1031

    /// <returns>How many bytes were received; null for an end.</returns>
    private async ValueTask<int?> CallAsync(Call call)
    {
        Side side = call.Side;
        Face face = side.Face!;
        CancellationToken token = call.Token.Token;
        switch (call.Op.Kind)
        {
            case OpKind.Send:
            case OpKind.Write:
                Message message = side.Outgoing.Next(call.Op.Size);
                await (
                    call.Op.Kind == OpKind.Send
                        ? face.SendAsync(message.Bytes, token)
                        : face.WriteAsync(message.Bytes, token)
                );
                message.MayBeMissing = false;
                if (call.Op.Kind == OpKind.Send)
                    side.Outgoing.Flushed();
                break;

            case OpKind.Flush:
                await face.FlushAsync(token);
                side.Outgoing.Flushed();
                break;

            case OpKind.Receive:
                return await face.ReceiveAsync(call.Buffer, token);

            case OpKind.Ping:
                await face.Channel.PingAsync(token);
                break;

            case OpKind.HalfClose:
                side.SaidEnd = true;
                await face.HalfCloseAsync(token);
                side.CloseSucceeded = true;
                break;

            case OpKind.Abort:
                side.IsEnding = side.IsAborted = true;
                await face.AbortAsync();
                break;

            case OpKind.Dispose:
                side.IsEnding = true;
                side.SaidEnd |= face.DisposeProvesEnd;
                await face.DisposeAsync();
                Over(side);
                break;

            case OpKind.Revoke:
                _server.IsEnding = _server.IsRevoked = true;
                _live!.Terminate(ChannelPair.KeyFor(ChannelProtocol.V1).Id);
                Over(_server);
                break;
        }

        return 0;
    }

    private void Over(Side side)
    {
        side.IsOver = true;

        // Ended from inside a receive that was already handing over: that one may still return what it has.
        foreach (Call call in _scheduler.IsNested ? _calls.Where(call => call.Side == side && !call.IsDone) : [])
            call.OverlapsEnd = true;
    }

    private void Succeeded(Call call, int? count)
    {
        Side side = call.Side;
        bool isAdapted = side.Face is not ChannelFace;

        // An adapter may still hold a rest, and buffers a write, when its channel is revoked; once it is disposed it
        // may not.
        bool isOfTheChannel =
            call.Op.Kind is OpKind.Send or OpKind.Receive or OpKind.Ping
            || (!isAdapted && call.Op.Kind is OpKind.Write or OpKind.Flush);
        if (call.BeganAfterEnd && isOfTheChannel && !(isAdapted && side.IsRevoked))
            Violate(Rule.NothingAfterTheEnd, $"{side.Name}: {call.Op.Kind} succeeded after the end");
        if (call.Op.Kind == OpKind.Receive)
            Received(call, count);
    }

    private void Received(Call call, int? count)
    {
        (Side side, Ledger sent) = (call.Side, call.Side.Peer.Outgoing);
        if (count is { } length)
        {
            if (length > 0 && side.IsOver && !call.OverlapsEnd && !(side.Face is not ChannelFace && side.IsRevoked))
                Violate(Rule.NothingAfterTheEnd, $"{side.Name}: {length} bytes were delivered after the end");
            if (length > 0 && side.SawEnd)
                Violate(Rule.NothingAfterTheEnd, $"{side.Name}: {length} bytes were delivered after the peer's end");
            if (!sent.TryDeliver(call.Buffer.AsSpan(0, length)))
                Violate(
                    Rule.PrefixOfWhatWasSent,
                    $"{side.Name}: not the next bytes: {Convert.ToHexString(call.Buffer, 0, Math.Min(20, length))}"
                );
            return;
        }

        if (!side.Peer.SaidEnd)
            Violate(Rule.EndOnlyIfSent, $"{side.Name}: an end that nobody sent");
        else if (!sent.IsComplete(message => !message.MayBeMissing))
            Violate(Rule.EndOnlyIfSent, $"{side.Name}: an end after {sent.Delivered} bytes, before all were there");
        side.SawEnd = true;
    }

    private void Failed(Call call, Exception e)
    {
        Side side = call.Side;
        bool isExpected = e switch
        {
            OperationCanceledException => call.MustReturn,
            ObjectDisposedException => side.IsEnding,
            SecureChannelException failure => !IsForgery(failure.Error) || side.IsAborted,
            InvalidOperationException or IOException => true,
            _ => false,
        };
        if (!isExpected)
        {
            Violate(
                e is SecureChannelException ? Rule.NoFalseAlarm : Rule.DocumentedExceptions,
                $"{side.Name}: {call.Op.Kind} threw {e.GetType().Name}: {e.Message}"
            );
        }

        bool isHarmless =
            call.IsRefused || (e is OperationCanceledException && side.Face!.Channel.Phase != ProtocolPhase.Terminated);
        side.HasFailed |= !isHarmless;
        side.HasFailedToSend |= !isHarmless && call.Op.Kind != OpKind.Receive;
    }

    private static bool IsForgery(SecureChannelError error) =>
        error
            is SecureChannelError.Authentication
                or SecureChannelError.Malformed
                or SecureChannelError.UnexpectedMessage
                or SecureChannelError.UnexpectedRound;

    private void LookAtWhatIsLeft()
    {
        foreach (
            Call call in Late(call =>
                call.Op.Kind == OpKind.Receive && call.Side.IsSound && !call.Side.Reader.IsReading && !_isCut
            )
        )
            Violate(Rule.ReaderWaitsForNobody, $"{call}, and reads nothing");
        PassTime();
        foreach (Call call in Late(call => call.MustReturn || (_isCut && LooksAtTheTransport(call))))
            Violate(Rule.EndedCallsReturn, call.ToString());
    }

    // A ping whose side does not receive cannot learn that the transport has ended, as its documentation says.
    private bool LooksAtTheTransport(Call call) =>
        call.Op.Kind != OpKind.Ping
        || _calls.Any(other => other.Side == call.Side && other.Op.Kind == OpKind.Receive && !other.IsDone);

    /// <summary>Both sides read until nothing more comes: whatever is due arrives now.</summary>
    private void ReadOn()
    {
        bool isMoving = true;
        while (isMoving)
        {
            int before = _calls.Count(call => call.IsDone);
            foreach (Side side in Sides.Where(side => side.IsSound && !side.SawEnd))
            {
                if (!_calls.Any(call => call.Side == side && call.Op.Kind == OpKind.Receive && !call.IsDone))
                    Start(new Call(side, Op.Receive));
            }

            _scheduler.Drain();
            isMoving = _calls.Count(call => call.IsDone) > before;
        }

        PassTime();
        foreach (
            Call call in Late(call =>
                call.Op.Kind == OpKind.Ping
                && call.Side.IsSound
                && !_isCut
                && (call.Side.Peer.IsSound || call.Side.SawEnd)
            )
        )
            Violate(Rule.PingsReturn, call.ToString());
        foreach (Side side in _isCut ? [] : Sides)
            JudgeDelivery(side, side.Peer);
    }

    private void JudgeDelivery(Side sender, Side receiver)
    {
        if (sender.IsSound && receiver.IsSound && !sender.Outgoing.IsComplete(message => message.IsFlushed))
            Violate(
                Rule.WhatWasSentArrives,
                $"{receiver.Name}: has {sender.Outgoing.Delivered} bytes, and more were flushed"
            );

        bool mustSeeClose =
            sender is { CloseSucceeded: true, IsRevoked: false, HasFailedToSend: false }
            && receiver is { IsEnding: false, HasFailedToSend: false };
        if (mustSeeClose && !receiver.SawEnd)
            Violate(Rule.CloseIsSeen, $"{receiver.Name}: did not see the close that succeeded");

        if (sender is { IsRevoked: true, IsOver: true } && receiver is { IsSound: true, SawEnd: false })
            Violate(Rule.PeerIsTold, $"{receiver.Name}: still reads from a channel that was revoked");
    }

    private void DisposeBoth()
    {
        Side[] established = [.. Sides.Where(side => side.Face is not null)];
        foreach (Side side in established)
            Start(new Call(side, Op.Dispose));
        _scheduler.Drain();
        PassTime();
        foreach (Call call in Late(_ => true))
            Violate(Rule.NoDeadlock, $"both sides are disposed, but {call}");
        Cut();
        _scheduler.Drain();

        foreach (Side side in established.Where(side => side.IsOver))
        {
            foreach (Op op in new[] { Op.Send(), Op.Receive, Op.Ping })
                Start(new Call(side, op));
            _scheduler.Drain();
            if (Secrets.Of(side.Face!.Channel).Any(secret => !secret.IsErased))
                Violate(Rule.KeysErased, $"{side.Name}: a key is left");
        }

        foreach (
            Call call in _calls.Where(call =>
                call.IsRefused
                && call.Side.Face is not PipeFace
                && call.Buffer.AsSpan().ContainsAnyExcept(Call.Untouched)
            )
        )
            Violate(Rule.RefusedBufferUntouched, $"{call}, and its buffer was written to");
        foreach (string fault in _pool.Faults())
            Violate(Rule.RentedBuffers, fault);
    }

    private void Cut()
    {
        _isCut = true;
        foreach (Wire wire in new[] { _forth, _back })
        {
            wire.EndReading();
            wire.EndWriting();
        }
    }

    private void PassTime()
    {
        _time.Advance(LongTime);
        _scheduler.Drain();
    }

    /// <summary>
    /// The calls that are pending although they should not be, after real time was given to them too.
    /// </summary>
    private List<Call> Late(Func<Call, bool> isAsked)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (
            _calls.Any(call => !call.IsDone && isAsked(call)) && TimeProvider.System.GetElapsedTime(started) < Patience
        )
        {
            Thread.Sleep(1);
            _scheduler.Drain();
        }

        return [.. _calls.Where(call => !call.IsDone && isAsked(call))];
    }

    private void Violate(Rule rule, string detail)
    {
        _scheduler.Note($"! {rule}: {detail}");
        _violations.Add(new Violation(rule, detail));
    }
}
