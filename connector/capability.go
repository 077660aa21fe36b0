package connector

// Capability is the name of an optional ability, as documentation, configuration checks and conversations use it.
type Capability string

// The capabilities, named after what a user would say. The strings are kept in running conversations: never rename.
const (
	CanPauseBot     Capability = "pause_bot"
	CanResumeBot    Capability = "resume_bot"
	CanAssign       Capability = "assign"
	CanPrepare      Capability = "prepare_ticket"
	CanFindTicket   Capability = "find_ticket"
	CanClose        Capability = "close_ticket"
	CanNote         Capability = "note"
	CanAvailability Capability = "availability"
	CanType         Capability = "typing"
	CanAttach       Capability = "attachments"
	CanFetch        Capability = "fetch_attachments"
	CanFindSent     Capability = "find_sent"
	CanListMessages Capability = "list_messages"
	CanMirror       Capability = "mirror_ticket"
	CanUpdate       Capability = "update_ticket"
	CanQueue        Capability = "queue"
	CanEdit         Capability = "edit_messages"
	CanMarkRead     Capability = "read"
	CanSurvey       Capability = "survey"
	CanButtons      Capability = "show_buttons"
	CanKeepRating   Capability = "write_rating"
	CanBeChallenged Capability = "challenge"
	CanSubscribe    Capability = "subscribe"
	CanCheck        Capability = "check"
	CanServe        Capability = "conversation_api"
	CanNotify       Capability = "notify_state"
)

// CapabilitiesOf reads the capabilities off c's method set, in a fixed order.
func CapabilitiesOf(c Connector) []Capability {
	var has []Capability
	for _, x := range capabilities(c) {
		if x.is {
			has = append(has, x.name)
		}
	}
	return has
}

// Capabilities lists every capability that there is, in the same order.
func Capabilities() []Capability {
	var names []Capability
	for _, x := range capabilities(nil) {
		names = append(names, x.name)
	}
	return names
}

// capability is a capability and whether somebody has it.
type capability struct {
	name Capability
	is   bool
}

func capabilities(c Connector) []capability {
	return []capability{
		{CanPauseBot, is[BotPauser](c)},
		{CanResumeBot, is[BotResumer](c)},
		{CanAssign, is[AgentAssigner](c)},
		{CanPrepare, is[TicketPreparer](c)},
		{CanFindTicket, is[TicketFinder](c)},
		{CanClose, is[TicketCloser](c)},
		{CanNote, is[NoteWriter](c)},
		{CanAvailability, is[AvailabilityReader](c)},
		{CanType, is[TypingSender](c)},
		{CanAttach, is[AttachmentSender](c)},
		{CanFetch, is[AttachmentFetcher](c)},
		{CanFindSent, is[SentFinder](c)},
		{CanListMessages, is[MessageLister](c)},
		{CanMirror, is[TicketMirror](c)},
		{CanUpdate, is[TicketUpdater](c)},
		{CanQueue, is[QueueReader](c)},
		{CanEdit, is[MessageEditor](c)},
		{CanMarkRead, is[ReadMarker](c)},
		{CanSurvey, is[Surveyor](c)},
		{CanButtons, is[ButtonSender](c)},
		{CanKeepRating, is[RatingWriter](c)},
		{CanBeChallenged, is[Challenger](c)},
		{CanSubscribe, is[Subscriber](c)},
		{CanCheck, is[Checker](c)},
		{CanServe, is[ConversationAPI](c)},
		{CanNotify, is[StateNotifier](c)},
	}
}

// SidesOf says which sides c can take: "channel", "bot", "desk".
func SidesOf(c Connector) []string {
	var sides []string
	if is[Channel](c) {
		sides = append(sides, "channel")
	}
	if is[Bot](c) {
		sides = append(sides, "bot")
	}
	if is[Desk](c) {
		sides = append(sides, "desk")
	}
	return sides
}

func is[T any](c Connector) bool {
	_, ok := c.(T)
	return ok
}
